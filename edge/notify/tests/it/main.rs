//! The door to a provider over a real socket: what arrives, what is tried again, what is given up.

use axum::extract::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::Router;
use notify::{NotSent, Provider};
use serde_json::{Value, json};
use subscription::message::Message;
use uuid::Uuid;

/// A provider that looks at the last letters of the recipient.
async fn provider() -> Provider {
    async fn take(headers: HeaderMap, Json(asked): Json<Value>) -> (StatusCode, Json<Value>) {
        if headers.get("authorization").and_then(|v| v.to_str().ok()) != Some("Bearer khoa") {
            return (StatusCode::UNAUTHORIZED, Json(json!({ "detail": "sai khóa" })));
        }
        assert_eq!((asked["sender"].as_str(), asked["kind"].as_str()), (Some("YBA"), Some("sms")));
        match asked["to"].as_str().unwrap_or("") {
            to if to.ends_with("0001") => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": "Số này không tồn tại." }))),
            to if to.ends_with("0003") => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))),
            _ => (StatusCode::OK, Json(json!({ "number": "TN1" }))),
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/api/messages", post(take))).await });
    Provider { address, key: "khoa".into(), sender: "YBA".into() }
}

fn message(to: &str) -> Message {
    Message { id: Uuid::now_v7(), kind: "sms".into(), to: to.into(), subject: String::new(), text: "Ma 123456".into() }
}

#[tokio::test]
async fn what_can_arrive_later_is_told_from_what_never_will() {
    let provider = provider().await;
    assert_eq!(provider.send(&message("0912345678")).await, Ok("TN1".into()));
    assert_eq!(provider.send(&message("0912340001")).await, Err(NotSent::Never("Số này không tồn tại.".into())));
    assert!(matches!(provider.send(&message("0912340003")).await, Err(NotSent::Later(_))));
    let wrong_key = Provider { key: "khac".into(), ..provider.clone() };
    assert!(matches!(wrong_key.send(&message("0912345678")).await, Err(NotSent::Later(_))), "a key can be repaired");
    let nobody = Provider { address: "http://127.0.0.1:1".into(), ..provider };
    assert!(matches!(nobody.send(&message("0912345678")).await, Err(NotSent::Later(_))));
}
