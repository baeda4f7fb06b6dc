//! Hospital systems: admissions, transfers, demographics and discharges over sixteen MLLP connections, each waiting for its
//! acknowledgement, which leaves after the commit; then results, each with a page in the record.

use crate::house::Running;
use crate::measure::{Report, percentile};
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

const CONNECTIONS: u64 = 16;
const SECONDS: u64 = 10;

/// Sends as fast as the answers come and tells messages a second and the time of each.
pub async fn messages(running: &Running, report: &mut Report) -> Result<()> {
    for (name, with_results) in [("mllp, ADT A01 A02 A08 A03", false), ("mllp, ORU R01 of three values", true)] {
        let (server_before, database_before) = running.cpu();
        let begun = Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for number in 0..CONNECTIONS {
            senders.spawn(sender(running.mllp.clone(), number, with_results, begun + Duration::from_secs(SECONDS)));
        }
        let mut times = Vec::new();
        while let Some(done) = senders.join_next().await {
            times.extend(done??);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let (server, database) = running.cpu();
        let count = times.len() as f64;
        report.add(
            name,
            vec![
                ("rate", count / seconds, "/s"),
                ("p50", percentile(&mut times, 50.0), "ms"),
                ("p95", percentile(&mut times, 95.0), "ms"),
                ("p99", percentile(&mut times, 99.0), "ms"),
                ("server CPU", (server - server_before) * 1000.0 / count, "ms"),
                ("database CPU", (database - database_before) * 1000.0 / count, "ms"),
            ],
        );
    }
    Ok(())
}

async fn sender(address: String, number: u64, with_results: bool, until: Instant) -> Result<Vec<Duration>> {
    let mut socket = TcpStream::connect(&address).await.with_context(|| format!("nobody listens on {address}"))?;
    socket.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut patient = 0u64;
    while Instant::now() < until {
        patient += 1;
        let who = format!("{number:02}{patient:06}{}", u8::from(with_results));
        let kinds: &[&str] = if with_results { &["ADT^A01", "ORU^R01", "ORU^R01", "ORU^R01", "ORU^R01", "ORU^R01"] } else { &["ADT^A01", "ADT^A02", "ADT^A08", "ADT^A03"] };
        for (step, kind) in kinds.iter().enumerate() {
            let message = write(kind, &who, step);
            let begun = Instant::now();
            socket.write_all(&message).await?;
            let answer = answer(&mut socket).await?;
            if !answer.contains("|AA|") && !answer.contains("MSA|AA") {
                bail!("{kind}: {answer}");
            }
            // Admissions of the second round only make room for the results.
            if !with_results || *kind == "ORU^R01" {
                times.push(begun.elapsed());
            }
        }
    }
    Ok(times)
}

fn write(kind: &str, who: &str, step: usize) -> Vec<u8> {
    let stamp = base::dates::local_time(base::Clock::system().now()).format("%Y%m%d%H%M%S").to_string();
    let id = Uuid::now_v7().simple().to_string();
    let ward = if kind == "ADT^A02" { "K-HSTC" } else { "K-NOI" };
    let year = 1940 + who.bytes().map(u64::from).sum::<u64>() % 70;
    let letters: String = who.bytes().map(|b| char::from(b'a' + (b - b'0'))).collect();
    let mut text = format!(
        "\u{b}MSH|^~\\&|HIS-MAU|84001|YBA|84001|{stamp}||{kind}|{id}|P|2.5||||||UNICODE UTF-8\rEVN||{stamp}\rPID|1||B{who}^^^HIS^MR||Trần^{letters}^Văn||{year}0412|M\rPV1|1|I|{ward}^1^1||||BS063||||||||||||V{who}\r"
    );
    if kind == "ORU^R01" {
        text.push_str(&format!("OBR|1||X{who}{step}|SH^Sinh hoa|||{stamp}\rOBX|1|NM|GLU^Glucose||5.{step}|mmol/L|3.9-6.4|N|||F\rOBX|2|NM|CREA^Creatinin||82|umol/L|53-97|N|||F\rOBX|3|NM|2951-2^Natri^LN||140|mmol/L||N|||F\r"));
    }
    text.push_str("\u{1c}\r");
    text.into_bytes()
}

async fn answer(socket: &mut TcpStream) -> Result<String> {
    let mut answer = Vec::new();
    let mut buffer = [0u8; 4096];
    while !answer.ends_with(b"\x1c\r") {
        let read = socket.read(&mut buffer).await?;
        if read == 0 {
            bail!("the listener hung up");
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
