//! What goes wrong on the way: wrong letters, missing segments, monsters, broken lines, strangers.

use crate::house::{IN_KNOI, code, message, open};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_answered_in_words() {
    let house = open().await;
    let good = message("ADT^A01", "1", IN_KNOI);
    let latin: Vec<u8> = good.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let mut latin = latin;
    latin.extend_from_slice(b"NTE|1||M\xe9decin\r");
    let said_ascii = good.replace("UNICODE UTF-8", "ASCII").into_bytes();
    let strange = good.replace("UNICODE UTF-8", "TCVN3").into_bytes();
    let no_pid = good.split('\r').filter(|l| !l.starts_with("PID")).collect::<Vec<_>>().join("\r").into_bytes();
    let no_visit = message("ADT^A03", "1", "").into_bytes();
    let no_number = good.replace("|1|P|2.5", "||P|2.5").into_bytes();
    let broken_line = good.replace("PV1|", "dòng hai không phải đoạn\rPV1|").into_bytes();
    let nul = good.replace("Trần Phú", "Trần\0Phú").into_bytes();
    let long_field = good.replace("12 Trần Phú", &"x".repeat(70_000)).into_bytes();
    let paper = format!("TXA|1|TDT\rOBX|1|ED|X||^application^pdf^Base64^{}\r", "A".repeat(6 * 1024 * 1024));
    let monster = message("MDM^T02", "9", &paper).into_bytes();
    let mut line = house.line().await;
    for (story, raw, want, place, words) in [
        ("other letters than declared", latin, "AE", "", "không phải UTF-8"),
        ("declared ASCII", said_ascii, "AE", "", "không phải ASCII"),
        ("a set nobody reads", strange, "AE", "", "TCVN3"),
        ("no PID", no_pid, "AE", "PID", "PID"),
        ("no visit", no_visit, "AE", "PV1", "PV1-19"),
        ("no number", no_number, "AE", "MSH", "MSH-10"),
        ("a line that is none", broken_line, "AE", "", "Dòng"),
        ("U+0000", nul, "AE", "", "ký tự rỗng"),
        ("a field of 70 KB", long_field, "AE", "", "PID-11"),
        ("6 MB", monster, "AR", "", "5 MB"),
        ("a kind nobody takes", message("SIU^S12", "1", "").into_bytes(), "AR", "MSH", "SIU^S12"),
    ] {
        let answer = line.send(&raw).await;
        let why = if answer.get("ERR", 8, 1).is_empty() { answer.to_string() } else { answer.get("ERR", 8, 1) };
        assert_eq!((code(&answer).as_str(), answer.get("ERR", 2, 1).as_str()), (want, place), "{story}: {answer}");
        let folded = base::fold(&why);
        assert!(folded.contains(&base::fold(words)), "{story}: {why}");
        let again = line.send(&raw).await;
        assert_eq!(again.get("MSH", 10, 1), answer.get("MSH", 10, 1), "{story}: the same answer to the same bytes");
    }
    assert_eq!(house.count("SELECT count(*) FROM exchange_message WHERE state = 'dead'").await, 11);
    assert_eq!(house.count("SELECT count(*) FROM patient_patient").await, 0);
    // The connection still works.
    assert_eq!(code(&line.send(good.as_bytes()).await), "AA");
    let mut planner = house.world.sign_in_as("khth.84001").await;
    let page = planner.get("/app/exchange/messages?state=dead").await;
    assert!(page.contains("TCVN3") && page.contains("Chưa ghi được"));
}

#[tokio::test]
async fn lines_that_break_several_frames_at_once_and_noise() {
    let house = open().await;
    let good = message("ADT^A01", "1", IN_KNOI);
    // Cut in the middle, then gone.
    let mut line = house.line().await;
    let framed = hl7v2::mllp::framed(good.as_bytes());
    line.socket.write_all(&framed[..framed.len() / 2]).await.unwrap();
    line.socket.shutdown().await.unwrap();
    let mut rest = Vec::new();
    line.socket.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty(), "nobody waits for an answer");
    assert!(house.text("SELECT words FROM exchange_message").await.contains("cắt giữa chừng"));
    // Noise before the frame, a frame that begins again, two frames in one packet, one byte at a time.
    let mut line = house.line().await;
    let mut bytes = b"GET / HTTP/1.1\r\n\r\n".to_vec();
    bytes.extend_from_slice(&framed[..40]);
    bytes.extend_from_slice(&framed);
    bytes.extend_from_slice(&hl7v2::mllp::framed(message("ADT^A08", "2", "").as_bytes()));
    for part in bytes.chunks(7) {
        line.socket.write_all(part).await.unwrap();
    }
    let answer = line.answer().await;
    assert_eq!((code(&answer).as_str(), answer.get("MSA", 2, 1).as_str()), ("AA", "1"));
    assert_eq!(house.count("SELECT count(*) FROM encounter_encounter").await, 1);
    // Somebody who does not speak MLLP at all is sent away.
    let mut line = house.line().await;
    let _ = line.socket.write_all(&vec![b'x'; 200_000]).await;
    let mut rest = Vec::new();
    let _ = line.socket.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn strangers_are_refused_and_seen() {
    let house = open().await;
    let stranger = message("ADT^A01", "1", IN_KNOI).replace("HIS-MAU|", "LA-AI|");
    let answer = house.send(&stranger).await;
    assert_eq!((code(&answer).as_str(), answer.get("ERR", 3, 1).as_str()), ("AR", "204"));
    assert_eq!(house.text("SELECT partner_id::text FROM exchange_message").await, "00000000-0000-0000-0000-000000000000");
    // Declared, it is believed from the next message on.
    let mut admin = house.world.sign_in_as("quantri.84001").await;
    let form = [
        ("name", "Hệ thống lạ"), ("door", "hl7"), ("application", "LA-AI"), ("sending_facility", "84001"), ("active_from", "01/01/2026"), ("wait_minutes", "30"),
    ];
    let page = admin.post("/app/exchange/partners", &form).await;
    assert_eq!(page.status, 303);
    let here = page.location().to_owned();
    let text = stranger.replace("K-NOI", "KNOI").replace("|1|P|", "|2|P|");
    assert_eq!(code(&house.send(&text).await), "AA", "our own ward code needs no translation");
    // Ended, it is refused at once.
    let ended = [form[0], form[1], form[2], form[3], form[4], form[5], ("active_to", "23/11/2026")];
    assert_eq!(admin.post(&here, &ended).await.status, 303);
    let answer = house.send(&text.replace("|2|P|", "|3|P|")).await;
    assert_eq!(code(&answer), "AE");
    assert!(answer.get("ERR", 8, 1).contains("không còn hiệu lực"));
    // Neither sender nor facility: kept apart.
    let answer = house.send(&stranger.replace("LA-AI|84001|YBA|84001|", "KHONG-RO|1|YBA|99999|")).await;
    assert_eq!(code(&answer), "AR");
    let mut owner = house.world.database.owner().await;
    let strays: i64 = sqlx::query_scalar("SELECT count(*) FROM exchange_stray").fetch_one(&mut owner).await.unwrap();
    assert_eq!(strays, 1);
}
