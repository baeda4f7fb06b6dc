//! Keys in files of OpenSSL, in a token, and at a provider.

use crate::desk::{Desk, doctor, has, key, work};
use crate::judges::all_call_it_valid;
use crate::papers;
use base::sign::{Key, SignFault, Signing};
use sandbox::trust::TrustMode;
use std::path::Path;
use std::process::Command;

fn tool(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|o| {
        if !o.status.success() {
            eprintln!("{program} {args:?}: {}", String::from_utf8_lossy(&o.stderr));
        }
        o.status.success()
    })
}

/// A key of OpenSSL's own making, certified by the desk's authority, in a PKCS#12 file of OpenSSL's own making.
fn openssl_key(desk: &Desk, algorithm: &[&str]) -> Key {
    let path = |name: &str| desk.folder.join(name).to_string_lossy().into_owned();
    let (private, public) = (path("own.pem"), path("own.der"));
    let mut args = vec!["genpkey", "-out", &private];
    args.extend_from_slice(algorithm);
    assert!(tool("openssl", &args));
    assert!(tool("openssl", &["pkey", "-in", &private, "-pubout", "-outform", "DER", "-out", &public]));
    let chain = desk.authority.issue_for_key(&doctor(), &std::fs::read(&public).expect("a public key")).expect("a certificate");
    for (name, der) in ["leaf", "issuer"].iter().zip(&chain) {
        desk.file(&format!("{name}.der"), der);
        assert!(tool("openssl", &["x509", "-inform", "DER", "-in", &path(&format!("{name}.der")), "-out", &path(&format!("{name}.pem"))]));
    }
    let p12 = path("own.p12");
    assert!(tool("openssl", &["pkcs12", "-export", "-inkey", &private, "-in", &path("leaf.pem"), "-certfile", &path("issuer.pem"), "-name", "BS Phượng", "-passout", "pass:mật khẩu 1", "-out", &p12]));
    Key::Pkcs12 { file: std::fs::read(p12).expect("a key file"), password: "mật khẩu 1".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_files_of_openssl_sign() {
    if !has("openssl") {
        return;
    }
    for (name, algorithm) in [("rsa", vec!["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ec", vec!["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])] {
        let desk = Desk::open().await;
        let key = openssl_key(&desk, &algorithm);
        let certificate = desk.engine.certificate(&key).await.expect("a certificate");
        assert_eq!(certificate.holder, "Nguyễn Thị Phượng");
        let signed = desk.sign(&key, &work(&papers::plain(), "bac_si")).await.expect(name);
        assert!(desk.verify(&signed).await.is_valid());
        all_call_it_valid(&desk, &format!("{name}.pdf"), &signed, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_file_that_is_no_key_are_told_apart() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let wrong = Key::Pkcs12 { file: issued.p12.clone(), password: "sai".into() };
    assert_eq!(desk.engine.certificate(&wrong).await, Err(SignFault::WrongPin));
    assert_eq!(desk.engine.sign(&wrong, &[vec![0; 32]]).await, Err(SignFault::WrongPin));
    for file in [Vec::new(), b"%PDF-1.4".to_vec(), issued.p12[..issued.p12.len() / 2].to_vec()] {
        assert_eq!(desk.engine.certificate(&Key::Pkcs12 { file, password: issued.password.clone() }).await, Err(SignFault::NoKey));
    }
    assert!(desk.engine.sign(&key(&issued), &[vec![0; 20]]).await.is_err(), "only SHA-256 is signed");
    assert!(!format!("{:?}", key(&issued)).contains(&issued.password));
}

/// A token of SoftHSM2 with one RSA and one P-256 key; `None` when the tools are not there.
fn token(desk: &Desk) -> Option<String> {
    let library = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"].into_iter().find(|path| Path::new(path).exists());
    let Some(library) = library.filter(|_| has("softhsm2-util") && has("pkcs11-tool") && has("openssl")) else {
        eprintln!("!!! SoftHSM2 is not installed: tokens were NOT tried");
        return None;
    };
    let tokens = desk.folder.join("tokens");
    std::fs::create_dir_all(&tokens).expect("a folder");
    let settings = desk.file("softhsm2.conf", format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display()).as_bytes());
    // The library reads this when it is loaded, which happens once: all token tests share this process and this test.
    // SAFETY: set before any thread of this test reads the environment of the library.
    unsafe { std::env::set_var("SOFTHSM2_CONF", &settings) };
    assert!(tool("softhsm2-util", &["--init-token", "--free", "--label", "BV Vinh Long", "--so-pin", "12345678", "--pin", "4321"]));
    for (label, kind, id) in [("bac-si", "rsa:2048", "01"), ("con-dau", "EC:prime256v1", "02")] {
        let base = ["--module", library, "--token-label", "BV Vinh Long", "--login", "--pin", "4321"];
        let with = |more: &[&str]| base.iter().chain(more).map(|s| (*s).to_owned()).collect::<Vec<String>>();
        let run = |args: Vec<String>| assert!(tool("pkcs11-tool", &args.iter().map(String::as_str).collect::<Vec<_>>()));
        let public = desk.folder.join(format!("{label}.pub")).to_string_lossy().into_owned();
        run(with(&["--keypairgen", "--key-type", kind, "--label", label, "--id", id]));
        run(with(&["--read-object", "--type", "pubkey", "--id", id, "--output-file", &public]));
        let chain = desk.authority.issue_for_key(&doctor(), &std::fs::read(&public).expect("a public key")).expect("a certificate");
        let leaf = desk.file(&format!("{label}.der"), &chain[0]).to_string_lossy().into_owned();
        run(with(&["--write-object", &leaf, "--type", "cert", "--label", label, "--id", id]));
        if id == "01" {
            let issuer = desk.file("token-issuer.der", &chain[1]).to_string_lossy().into_owned();
            run(with(&["--write-object", &issuer, "--type", "cert", "--label", "issuer", "--id", "09"]));
        }
    }
    Some(library.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_signs_fifty_digests_with_one_pin() {
    let mut desk = Desk::open().await;
    let Some(library) = token(&desk) else { return };
    let at = |label: &str, pin: &str| Key::Token { library: library.clone(), token: "BV Vinh Long".into(), label: label.into(), pin: pin.into() };
    assert_eq!(desk.engine.certificate(&at("bac-si", "4321")).await, Err(SignFault::NoKey), "a library nobody allowed is not loaded");
    desk.engine = signing::Engine::new(signing::Settings { token_libraries: vec![library.clone()], ..desk.authority.settings() });
    for label in ["bac-si", "con-dau"] {
        let signed = desk.sign(&at(label, "4321"), &work(&papers::plain(), "bac_si")).await.expect(label);
        assert!(desk.verify(&signed).await.is_valid());
        all_call_it_valid(&desk, &format!("{label}.pdf"), &signed, 1);
        let fifty: Vec<Vec<u8>> = (0..50u8).map(|n| vec![n; 32]).collect();
        assert_eq!(desk.engine.sign(&at(label, "4321"), &fifty).await.expect("fifty").len(), 50);
    }
    assert_eq!(desk.engine.sign(&at("bac-si", "0000"), &[vec![1; 32]]).await, Err(SignFault::WrongPin));
    assert_eq!(desk.engine.sign(&at("khong-co", "4321"), &[vec![1; 32]]).await, Err(SignFault::NoKey));
    assert_eq!(desk.engine.certificate(&at("khong-co", "4321")).await, Err(SignFault::NoKey));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_signs_from_afar_for_pin_and_code() {
    let desk = Desk::open().await;
    let remote = desk.authority.issue_remote(&doctor(), "8888").expect("a remote key");
    let with = |pin: &str, otp: &str| Key::Remote {
        address: desk.authority.remote_address(),
        credential: remote.credential.clone(),
        client_token: remote.client_token.clone(),
        pin: pin.into(),
        otp: otp.into(),
    };
    let provider = signing::keys::remote::Provider {
        address: &desk.authority.remote_address(),
        credential: &remote.credential,
        client_token: &remote.client_token,
        patience: std::time::Duration::from_secs(3),
    };
    assert_eq!(provider.list().await.expect("a list"), [remote.credential.clone()]);
    provider.send_code().await.expect("a code");
    let code = desk.authority.one_time_code(&remote.credential);
    // A whole tray with one code.
    let certificate = desk.engine.certificate(&with("", "")).await.expect("a certificate");
    assert_eq!(certificate.holder, "Nguyễn Thị Phượng");
    let mut waiting = Vec::new();
    for field in ["mot", "hai", "ba"] {
        waiting.push(desk.engine.prepare(&certificate, &work(&papers::plain(), field), desk.now()).await.expect("prepared"));
    }
    let digests: Vec<Vec<u8>> = waiting.iter().map(|p| p.digest.clone()).collect();
    assert_eq!(desk.engine.sign(&with("1111", &code), &digests).await, Err(SignFault::WrongPin));
    assert_eq!(desk.engine.sign(&with("8888", "000000x"), &digests).await, Err(SignFault::WrongOtp));
    let signatures = desk.engine.sign(&with("8888", &code), &digests).await.expect("three signatures");
    for (prepared, signature) in waiting.into_iter().zip(signatures) {
        let signed = desk.engine.finish(prepared, signature).await.expect("finished");
        assert!(desk.verify(&signed).await.is_valid());
    }
    assert_eq!(desk.engine.sign(&with("8888", &code), &digests).await, Err(SignFault::WrongOtp), "a code is good once");
    desk.authority.behave(TrustMode::WrongOtp, 1);
    let fresh = desk.authority.one_time_code(&remote.credential);
    assert_eq!(desk.engine.sign(&with("8888", &fresh), &digests).await, Err(SignFault::WrongOtp));
    let nobody = Key::Remote { address: "http://127.0.0.1:1/csc".into(), credential: "x".into(), client_token: "y".into(), pin: "1".into(), otp: "2".into() };
    assert!(matches!(desk.engine.certificate(&nobody).await, Err(SignFault::Unreachable(_))));
}
