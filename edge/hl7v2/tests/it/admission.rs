//! A stay told by another system, from the door to the door.

use crate::house::{HOME, IN_HSTC, IN_KNOI, code, message, open};

const RESULT: &str = "PV1|1|I|||||||||||||||||L1\rOBR|1||XN77|SH^Sinh hóa máu|||20261124070000\rOBX|1|NM|GLU^Glucose^L||5.6|mmol/L|3.9-6.4|N|||F\rOBX|2|NM|K^Kali^L||4.1|mmol/L||N|||F\r";
const PAPER: &str = "PV1|1|I|||||||||||||||||L1\rTXA|1|TDT^Tờ điều trị||20261124073000|||||BS063^Lê^Vân|||TL55\rOBX|1|ED|TDT^Tờ điều trị ngày 1||^application^pdf^Base64^JVBERi0xLjcKeA==||||||F\r";

#[tokio::test]
async fn a_stay_from_admission_to_discharge_with_its_papers() {
    let house = open().await;
    let mut line = house.line().await;
    for (kind, id, more) in [
        ("ADT^A01", "1", IN_KNOI),
        ("ORU^R01", "2", RESULT),
        ("MDM^T02", "3", PAPER),
        ("ADT^A02", "4", IN_HSTC),
        ("ADT^A08", "5", ""),
        ("ADT^A03", "6", HOME),
    ] {
        let answer = line.send(message(kind, id, more).as_bytes()).await;
        assert_eq!((code(&answer).as_str(), answer.get("MSA", 2, 1).as_str()), ("AA", id), "{answer}");
    }
    assert_eq!(house.text("SELECT status || ' ' || class FROM encounter_encounter").await, "finished IMP");
    assert_eq!(house.text("SELECT r.code FROM encounter_encounter e JOIN organization_room r USING (facility_id, room_id)").await, "HSTC");
    assert_eq!(house.text("SELECT payload->>'origin' FROM db_event WHERE kind = 'StayOpened'").await, "his");
    assert_eq!(house.text("SELECT (payload->>'outcome') || ' ' || (payload->>'way') FROM db_event WHERE kind = 'StayClosed'").await, "recovered discharged");
    assert_eq!(house.text("SELECT name || ' ' || phone FROM patient_patient").await, "Nguyễn Văn An 0900000001");
    assert_eq!(house.text("SELECT loinc FROM exchange_result WHERE code = 'GLU'").await, "2345-7");
    let papers = house.shelf.all();
    assert_eq!(papers.len(), 2);
    let pdf = papers.iter().find(|p| p.media_type == "application/pdf").unwrap();
    assert_eq!((pdf.form.as_deref(), pdf.content.as_slice()), (Some("36/BV2"), &b"%PDF-1.7\nx"[..]));
    let page = papers.iter().find(|p| p.media_type == "text/plain").unwrap();
    assert!(String::from_utf8_lossy(&page.content).contains("Glucose: 5.6 mmol/L (3.9-6.4)"));
    assert!(pdf.source.contains("MDM^T02 TL55"));
    // A code that nobody translated is listed, and did not stand in the way.
    assert_eq!(house.text("SELECT kind || ':' || code FROM exchange_unmapped").await, "result:K");
}

#[tokio::test]
async fn told_three_times_it_happens_once() {
    let house = open().await;
    let all = [message("ADT^A01", "1", IN_KNOI), message("ORU^R01", "2", RESULT), message("MDM^T02", "3", PAPER)];
    let mut first = Vec::new();
    for round in 0..3 {
        for (n, text) in all.iter().enumerate() {
            let answer = house.send(text).await;
            let said = (code(&answer), answer.get("MSA", 2, 1), answer.get("MSH", 10, 1));
            if round == 0 {
                first.push(said);
            } else {
                assert_eq!(said, first[n], "the same answer");
            }
        }
    }
    assert_eq!(house.count("SELECT count(*) FROM patient_patient").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM encounter_encounter").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM exchange_result").await, 2);
    assert_eq!(house.count("SELECT count(*) FROM exchange_message").await, 3);
    assert_eq!(house.shelf.all().len(), 2);
    // The same number with another body is no repetition.
    let other = message("ADT^A01", "1", &IN_KNOI.replace("L1", "L2"));
    let answer = house.send(&other).await;
    assert_eq!(code(&answer), "AE");
    assert!(answer.get("ERR", 8, 1).contains("đã dùng cho một nội dung khác"));
    assert_eq!(house.count("SELECT count(*) FROM encounter_encounter").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM exchange_message WHERE state = 'dead'").await, 1);
}

#[tokio::test]
async fn two_at_once_are_one_patient_and_one_stay() {
    let house = open().await;
    let (same, result) = (message("ADT^A01", "1", IN_KNOI), message("ADT^A08", "2", ""));
    let answers = tokio::join!(house.send(&same), house.send(&same), house.send(&result), house.send(&same), house.send(&result));
    for answer in [answers.0, answers.1, answers.2, answers.3, answers.4] {
        assert_eq!(code(&answer), "AA", "{answer}");
    }
    assert_eq!(house.count("SELECT count(*) FROM patient_patient").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM encounter_encounter").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM exchange_message").await, 2);
}

#[tokio::test]
async fn what_comes_before_its_admission_waits_a_bounded_time() {
    let house = open().await;
    for (kind, id, more) in [("ADT^A03", "3", HOME), ("ADT^A02", "2", IN_HSTC)] {
        let answer = house.send(&message(kind, id, more)).await;
        assert_eq!(code(&answer), "AA");
        assert!(answer.get("NTE", 3, 1).contains("Chưa có thông điệp nhập viện"), "{answer}");
    }
    assert_eq!(house.count("SELECT count(*) FROM patient_patient").await, 0, "nobody is registered for a stay that may never come");
    assert_eq!(code(&house.send(&message("ADT^A01", "1", IN_KNOI)).await), "AA");
    assert_eq!(house.text("SELECT status FROM encounter_encounter").await, "finished");
    // The transfer came after the end in the order of arrival: a person looks at it.
    assert_eq!(house.text("SELECT words FROM exchange_message WHERE control_id = '2'").await, "Đợt điều trị đã kết thúc nên không chuyển khoa được.");
    // Another stay's end never gets its beginning.
    assert_eq!(code(&house.send(&message("ADT^A03", "9", &HOME.replace("L1", "L9"))).await), "AA");
    house.world.clock.advance(chrono::TimeDelta::minutes(61));
    house.world.drain().await;
    assert!(house.text("SELECT state || words FROM exchange_message WHERE control_id = '9'").await.starts_with("deadHết giờ chờ"));
}

#[tokio::test]
async fn an_unknown_ward_is_a_dead_letter_until_somebody_translates_it() {
    let house = open().await;
    let text = message("ADT^A01", "1", &IN_KNOI.replace("K-NOI", "NOI-MOI"));
    let answer = house.send(&text).await;
    assert_eq!(code(&answer), "AE");
    assert!(answer.get("ERR", 8, 1).contains("NOI-MOI"));
    assert_eq!(house.count("SELECT count(*) FROM encounter_encounter").await + house.count("SELECT count(*) FROM patient_patient").await, 0, "nothing is half-filed");
    let mut admin = house.world.sign_in_as("quantri.84001").await;
    let partner = testkit::demo_id("84001", "exchange-partner", exchange::seed::SANDBOX_APPLICATION);
    let page = admin.get(&format!("/app/exchange/partners/{partner}")).await;
    assert!(page.contains("NOI-MOI") && page.contains("Mã đã gặp mà chưa ứng"));
    let room = testkit::demo_id("84001", "room", "KNOI").to_string();
    let form = [("kind", "ward"), ("code", "NOI-MOI"), ("room", room.as_str()), ("from", "01/11/2026")];
    assert_eq!(admin.post(&format!("/app/exchange/partners/{partner}/codes"), &form).await.status, 303);
    let id = house.text("SELECT message_id::text FROM exchange_message").await;
    let page = admin.get(&format!("/app/exchange/messages/{id}")).await;
    assert!(page.contains("Ghi lại") && page.contains("PV1|1|I|NOI-MOI"));
    assert_eq!(admin.post(&format!("/app/exchange/messages/{id}/attempts"), &[]).await.status, 303);
    assert_eq!(house.text("SELECT state FROM exchange_message").await, "applied");
    assert_eq!(house.count("SELECT count(*) FROM encounter_encounter").await, 1);
    assert_eq!(code(&house.send(&text).await), "AA", "the sender's own repetition is answered as done");
    assert_eq!(house.count("SELECT count(*) FROM db_audit WHERE entity = 'message' AND action = 'read' AND entity_id = (SELECT message_id::text FROM exchange_message)").await, 1);
}
