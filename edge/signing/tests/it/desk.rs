//! A desk where papers are signed: an authority that lives in this test, an engine that trusts it, and a person's key.

use base::Clock;
use base::sign::{Certificate, Key, Kind, SignFault, Signing, Stamp, Verdict, Work};
use chrono::{DateTime, Utc};
use sandbox::trust::{Authority, Holder, IssuedKey};
use signing::Engine;
use std::path::{Path, PathBuf};

pub struct Desk {
    pub authority: Authority,
    pub engine: Engine,
    pub clock: Clock,
    pub folder: PathBuf,
}

impl Drop for Desk {
    fn drop(&mut self) {
        // For looking at what a judge complained about.
        if std::env::var_os("YBA_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The signed-in person of most tests.
pub fn doctor() -> Holder {
    Holder {
        name: "Nguyễn Thị Phượng".into(),
        id: "084185004321".into(),
        organisation: "Bệnh viện Đa khoa tỉnh Vĩnh Long".into(),
        title: "Bác sĩ điều trị".into(),
        ..Holder::default()
    }
}

impl Desk {
    /// With the machine's clock, for judges that have no other.
    pub async fn open() -> Desk {
        Desk::at(Clock::system()).await
    }

    pub async fn at(clock: Clock) -> Desk {
        let folder = std::env::temp_dir().join(format!("yba-signing-{}", uuid::Uuid::now_v7()));
        let authority = Authority::serve(&folder, clock.clone()).await.expect("an authority");
        let engine = Engine::new(authority.settings());
        std::fs::write(folder.join("root.pem"), authority.root_pem()).expect("the root on disk");
        Desk { authority, engine, clock, folder }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    pub fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    pub fn issue(&self, holder: &Holder) -> IssuedKey {
        self.authority.issue(holder).expect("a key")
    }

    /// All steps with one key.
    pub async fn sign(&self, key: &Key, work: &Work) -> Result<Vec<u8>, SignFault> {
        let certificate = self.engine.certificate(key).await?;
        self.sign_as(&certificate, key, work).await
    }

    pub async fn sign_as(&self, certificate: &Certificate, key: &Key, work: &Work) -> Result<Vec<u8>, SignFault> {
        let prepared = self.engine.prepare(certificate, work, self.now()).await?;
        let signature = self.engine.sign(key, std::slice::from_ref(&prepared.digest)).await?.remove(0);
        self.engine.finish(prepared, signature).await
    }

    pub async fn verify(&self, pdf: &[u8]) -> Verdict {
        self.engine.verify(pdf, Kind::Pdf, self.now()).await
    }
}

pub fn key(issued: &IssuedKey) -> Key {
    Key::Pkcs12 { file: issued.p12.clone(), password: issued.password.clone() }
}

pub fn work(content: &[u8], field: &str) -> Work {
    Work {
        content: content.to_vec(),
        kind: Kind::Pdf,
        field: field.into(),
        reason: "Ký bệnh án nội khoa (tờ điều trị)".into(),
        place: "Vĩnh Long".into(),
        stamp: None,
    }
}

/// A visible signature; each further one stands beside the one before.
pub fn stamp(number: u32) -> Stamp {
    Stamp {
        page: 1,
        left: 40.0 + 170.0 * number as f32,
        bottom: 40.0,
        width: 160.0,
        height: 48.0,
        lines: vec!["BS. Nguyễn Thị Phượng".into(), "Bác sĩ điều trị".into(), "Ký lúc 14:05 ngày 25/11/2026".into()],
        drawing: None,
    }
}

/// Tells loudly that a judge is missing; the test then ends without it.
pub fn has(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(program).is_file()));
    if !found {
        eprintln!("!!! {program} is not installed: its verdict was NOT asked for");
    }
    found
}

pub fn run(program: &str, args: &[&Path]) -> (bool, String) {
    let output = std::process::Command::new(program).args(args).output().expect(program);
    (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}
