//! `kill -9` of server and database while people are being registered: whatever was acknowledged is there afterwards.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Server {
    child: Child,
    address: String,
}

fn start(data: &Path, demo: bool) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yba"));
    command.env("YBA_DATA", data).env_remove("DATABASE_URL");
    if demo {
        command.args(["demo", "--port", "0", "--sandbox-port", "0"]);
    } else {
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("yba starts");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let mut address = String::new();
    for line in out.lines() {
        let line = line.expect("a line");
        if let Some(found) = line.strip_prefix("ready http://") {
            address = found.to_owned();
            break;
        }
    }
    assert!(!address.is_empty(), "the server never became ready");
    Server { child, address }
}

/// The client of these tests: blocking, plain, no cookies but ours.
fn curl(args: &[&str]) -> (u16, String) {
    let out = Command::new("curl").args(["-s", "-m", "10", "-w", "\n%{http_code}"]).args(args).output().expect("curl");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let (body, code) = text.rsplit_once('\n').unwrap_or(("", "0"));
    (code.parse().unwrap_or(0), body.to_owned())
}

fn token(address: &str) -> String {
    let (code, body) = curl(&["-d", "grant_type=client_credentials&client_id=demo-his&client_secret=demo-secret", &format!("http://{address}/oauth/token")]);
    assert_eq!(code, 200, "{body}");
    serde_json::from_str::<serde_json::Value>(&body).expect("JSON")["access_token"].as_str().expect("a token").to_owned()
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("yba-crash-{}", std::process::id()))
}

#[test]
fn nothing_acknowledged_is_lost_when_server_and_database_are_killed() {
    let data = folder();
    let _ = std::fs::remove_dir_all(&data);
    let mut server = start(&data, true);
    let bearer = format!("Authorization: Bearer {}", token(&server.address));
    let url = format!("http://{}/api/v1/patients", server.address);
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let (bearer, url) = (bearer.clone(), url.clone());
            std::thread::spawn(move || {
                let mut acknowledged = Vec::new();
                let until = Instant::now() + Duration::from_secs(6);
                for n in 0.. {
                    if Instant::now() > until {
                        break;
                    }
                    let body = serde_json::json!({ "name": format!("Trần Thử Nghiệm {}", letters(worker * 10_000 + n)), "birth": "1990-01-01", "sex": "female" });
                    let key = format!("Idempotency-Key: crash-{worker}-{n}");
                    let (code, answer) = curl(&["-X", "POST", "-H", &bearer, "-H", "Content-Type: application/json", "-H", &key, "-d", &body.to_string(), &url]);
                    match code {
                        200 | 201 => {
                            let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
                            acknowledged.push(answer["id"].as_str().expect("an id").to_owned());
                        }
                        // Not acknowledged: the database died under it. Nothing is promised about this one.
                        0 | 500 => break,
                        other => panic!("{other}: {answer}"),
                    }
                }
                acknowledged
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(3));
    // First the database with all its children, then the server: the worst order.
    let pid = std::fs::read_to_string(data.join("postgres/data/postmaster.pid")).expect("the database's pid");
    let postmaster = pid.lines().next().expect("a pid").to_owned();
    let _ = Command::new("pkill").args(["-9", "-P", &postmaster]).status();
    let _ = Command::new("kill").args(["-9", &postmaster]).status();
    server.child.kill().expect("killed");
    let _ = server.child.wait();
    let acknowledged: Vec<String> = workers.into_iter().flat_map(|w| w.join().expect("a worker")).collect();
    assert!(acknowledged.len() >= 20, "only {} were acknowledged before the crash", acknowledged.len());

    let mut again = start(&data, true);
    let bearer = format!("Authorization: Bearer {}", token(&again.address));
    let lost: Vec<&String> = acknowledged
        .iter()
        .filter(|id| curl(&["-H", &bearer, &format!("http://{}/api/v1/patients/{id}", again.address)]).0 != 200)
        .collect();
    let _ = Command::new("kill").args(["-TERM", &again.child.id().to_string()]).status();
    let ended = again.child.wait().expect("ended");
    let _ = std::fs::remove_dir_all(&data);
    assert!(lost.is_empty(), "{} of {} acknowledged registrations are gone", lost.len(), acknowledged.len());
    assert!(ended.success(), "the server stops cleanly on SIGTERM");
}

/// A number in letters, because names have no digits.
fn letters(number: usize) -> String {
    number.to_string().chars().map(|c| (b'A' + (c as u8 - b'0')) as char).collect()
}

#[test]
fn a_real_server_refuses_the_demo_sign_ins() {
    let data = folder().with_extension("real");
    let _ = std::fs::remove_dir_all(&data);
    let mut demo = start(&data, true);
    let _ = Command::new("kill").args(["-TERM", &demo.child.id().to_string()]).status();
    let _ = demo.child.wait();
    let mut real = start(&data, false);
    let (code, _) = curl(&["-d", "grant_type=client_credentials&client_id=demo-his&client_secret=demo-secret", &format!("http://{}/oauth/token", real.address)]);
    let (page, text) = curl(&["-d", "login=bacsi.84101&password=demo&code=000000", &format!("http://{}/sign-in", real.address)]);
    let _ = Command::new("kill").args(["-TERM", &real.child.id().to_string()]).status();
    let _ = real.child.wait();
    let _ = std::fs::remove_dir_all(&data);
    assert_eq!(code, 401);
    assert_eq!(page, 422);
    assert!(text.contains("không đúng"));
}
