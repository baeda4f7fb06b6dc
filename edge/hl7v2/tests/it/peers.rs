//! Other people's libraries make the messages and read our answers: python hl7apy and hl7.

use crate::house::open;
use std::io::Write;
use std::process::{Command, Stdio};

const PEER: &str = r#"
import sys, socket
from hl7apy.core import Message
from hl7apy.parser import parse_message
import hl7
port = int(sys.argv[1])

def base(kind, structure, number):
    m = Message(structure, version="2.5")
    m.msh.msh_3 = "HIS-MAU"
    m.msh.msh_4 = "84001"
    m.msh.msh_5 = "YBA"
    m.msh.msh_6 = "84001"
    m.msh.msh_7 = "20261124075900"
    m.msh.msh_9 = kind
    m.msh.msh_10 = number
    m.msh.msh_11 = "P"
    m.msh.msh_18 = "UNICODE UTF-8"
    return m

def person(pid):
    pid.pid_3 = "BN1^^^HIS^MR"
    pid.pid_5 = "Nguyễn^An^Văn"
    pid.pid_7 = "19850315"
    pid.pid_8 = "M"

a01 = base("ADT^A01^ADT_A01", "ADT_A01", "P1")
a01.evn.evn_2 = "20261124075500"
person(a01.pid)
a01.pv1.pv1_2 = "I"
a01.pv1.pv1_3 = "K-NOI^101^02"
a01.pv1.pv1_19 = "L1"
a03 = base("ADT^A03^ADT_A03", "ADT_A03", "P2")
a03.evn.evn_2 = "20261124075800"
person(a03.pid)
a03.pv1.pv1_2 = "I"
a03.pv1.pv1_19 = "L1"
bad = base("ADT^A03^ADT_A03", "ADT_A03", "P3")
bad.evn.evn_2 = "20261124075800"
person(bad.pid)

with socket.create_connection(("127.0.0.1", port)) as s:
    for m, want in [(a01, "AA"), (a03, "AA"), (bad, "AE")]:
        s.sendall(b"\x0b" + m.to_er7().encode() + b"\x1c\r")
        data = b""
        while not data.endswith(b"\x1c\r"):
            data += s.recv(65536)
        text = data[1:-2].decode()
        ours = parse_message(text, validation_level=2)
        assert ours.msa.msa_1.value == want, text
        assert ours.msa.msa_2.value == m.msh.msh_10.value, text
        ours.validate()
        again = hl7.parse(text)
        assert str(again.segment("MSA")[1]) == want
        if want == "AE":
            assert "PV1-19" in str(again.segment("ERR")[8]), text
print("peers agree")
"#;

#[tokio::test(flavor = "multi_thread")]
async fn hl7apy_and_python_hl7_agree_with_us() {
    let there = Command::new("python3").args(["-c", "import hl7apy, hl7"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|s| s.success()) {
        eprintln!("SKIPPED: python3 with hl7apy and hl7 is not installed");
        return;
    }
    let house = open().await;
    let port = house.address.port().to_string();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = Command::new("python3").args(["-", &port]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(PEER.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(house.text("SELECT status FROM encounter_encounter").await, "finished");
    assert_eq!(house.text("SELECT name FROM patient_patient").await, "Nguyễn Văn An");
}
