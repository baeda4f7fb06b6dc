//! XML signatures, judged by xmlsec1.

use crate::desk::{Desk, doctor, has, key, run, work};
use base::sign::{Kind, SignFault, Signing, Work};
use sandbox::trust::Holder;
use std::path::Path;

const RECORD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- tóm tắt -->\n<benh_an xmlns=\"urn:thu\" xmlns:x='urn:x' so=\"BA1\">\n  <x:ho_ten  z=\"2\" a='1'>Nguyễn Văn An &amp; con</x:ho_ten>\n  <chan_doan><![CDATA[I10 < tăng huyết áp]]></chan_doan><trong/>\r\n</benh_an>\n";

fn xml(content: &[u8], field: &str) -> Work {
    Work { kind: Kind::Xml, reason: "Ký <tóm tắt> & gửi".into(), ..work(content, field) }
}

fn xmlsec1(desk: &Desk, name: &str, content: &[u8], nodes: usize) -> Vec<bool> {
    let file = desk.file(name, content);
    let root = desk.root();
    (1..=nodes)
        .map(|number| {
            let path = format!("(//*[local-name()='Signature'])[{number}]");
            let args: Vec<&Path> = ["--verify", "--id-attr:Id", "http://www.w3.org/2000/09/xmldsig#:Object", "--node-xpath", path.as_str(), "--trusted-pem"]
                .into_iter()
                .map(Path::new)
                .chain([root.as_path(), file.as_path()])
                .collect();
            let (fine, said) = run("xmlsec1", &args);
            if !fine {
                eprintln!("{said}");
            }
            fine
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_sign_an_extract_and_xmlsec1_agrees() {
    let desk = Desk::open().await;
    let mut content = RECORD.as_bytes().to_vec();
    for (number, field) in ["bac_si", "giam_doc"].into_iter().enumerate() {
        let issued = desk.issue(&Holder { name: format!("Người ký thứ {}", number + 1), ..doctor() });
        content = desk.sign(&key(&issued), &xml(&content, field)).await.expect("a signature");
        if has("xmlsec1") {
            assert!(xmlsec1(&desk, "signed.xml", &content, number + 1).iter().all(|fine| *fine));
        }
        let verdict = desk.engine.verify(&content, Kind::Xml, desk.now()).await;
        assert!(verdict.is_valid(), "{verdict:?}");
        assert!(verdict.signatures.iter().all(|s| s.is_long_term && s.has_timestamp), "{verdict:?}");
    }
    let verdict = desk.engine.verify(&content, Kind::Xml, desk.now()).await;
    assert_eq!(verdict.signatures.iter().map(|s| (s.field.as_str(), s.holder.as_str())).collect::<Vec<_>>(), [("bac_si", "Người ký thứ 1"), ("giam_doc", "Người ký thứ 2")]);
    assert!(desk.sign(&key(&desk.issue(&doctor())), &xml(&content, "bac_si")).await.is_err(), "a place is signed once");
    // A changed word of the record, a changed reason, a changed time.
    for (from, to) in [("Nguyễn Văn An", "Nguyễn Văn Ân"), ("&lt;tóm tắt&gt;", "&lt;tóm tat&gt;"), ("SigningTime xmlns=\"urn:yba:signing\">2", "SigningTime xmlns=\"urn:yba:signing\">1"), ("so=\"BA1\"", "so=\"BA2\"")] {
        let text = String::from_utf8(content.clone()).expect("text");
        assert!(text.contains(from), "{from}");
        let touched = text.replace(from, to).into_bytes();
        let verdict = desk.engine.verify(&touched, Kind::Xml, desk.now()).await;
        assert!(!verdict.is_valid(), "{from}: {verdict:?}");
        if has("xmlsec1") {
            assert!(xmlsec1(&desk, "touched.xml", &touched, 2).iter().any(|fine| !fine), "{from}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plain_xml_is_refused() {
    let desk = Desk::open().await;
    let issued = desk.issue(&doctor());
    let deep = format!("{}x{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>";
    for content in ["", "không phải xml", "<a><b></a>", "<a/>", bomb, "<a>\u{0}</a>", &deep] {
        let outcome = desk.sign(&key(&issued), &xml(content.as_bytes(), "bac_si")).await;
        assert!(matches!(outcome, Err(SignFault::BadDocument(_))), "{}: {outcome:?}", content.chars().take(40).collect::<String>());
        assert!(!desk.engine.verify(content.as_bytes(), Kind::Xml, desk.now()).await.is_valid());
    }
}
