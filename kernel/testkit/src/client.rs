//! A person at a browser, or a program: keeps its cookies, sends what a browser sends.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;
use std::collections::BTreeMap;
use tower::ServiceExt;

/// One browser.
#[derive(Clone)]
pub struct Client {
    router: Router,
    cookies: BTreeMap<String, String>,
    headers: HeaderMap,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub text: String,
}

impl Page {
    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("")
    }
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text))
    }
    /// The value of the first hidden or visible input with this name.
    pub fn input(&self, name: &str) -> Option<String> {
        let at = self.text.find(&format!("name=\"{name}\""))?;
        let start = self.text[..at].rfind('<')?;
        let tag = &self.text[start..start + self.text[start..].find('>')?];
        let value = tag.split("value=\"").nth(1)?.split('"').next()?;
        Some(value.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&").replace("&amp;", "&"))
    }
    pub fn contains(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

impl Client {
    pub(crate) fn new(router: Router) -> Client {
        Client { router, cookies: BTreeMap::new(), headers: HeaderMap::new() }
    }

    /// Sends this bearer token with every request instead of cookies.
    pub fn bearer(&mut self, token: &str) {
        self.set_header("authorization", &format!("Bearer {token}"));
    }

    /// Sends a header with every request from now on.
    pub fn set_header(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, value.parse().expect("a header value"));
    }

    pub fn remove_header(&mut self, name: &'static str) {
        self.headers.remove(name);
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.into(), value.into());
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    /// Sends a form as a browser does, same origin.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).expect("fields");
        self.send(Method::POST, path, Some("application/x-www-form-urlencoded"), body.into_bytes()).await
    }

    pub async fn put(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).expect("fields");
        self.send(Method::PUT, path, Some("application/x-www-form-urlencoded"), body.into_bytes()).await
    }

    pub async fn post_json(&mut self, path: &str, body: &Value) -> Page {
        self.send(Method::POST, path, Some("application/json"), body.to_string().into_bytes()).await
    }

    /// Sends one file in a multipart form with other fields.
    pub async fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Page {
        let edge = "yba-test-edge";
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("--{edge}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        let (name, file_name, bytes) = file;
        body.extend(
            format!("--{edge}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend(format!("\r\n--{edge}--\r\n").bytes());
        let request = self.request(Method::POST, path, Some("multipart/form-data; boundary=yba-test-edge"), body);
        self.run(request).await
    }

    /// Any request at all.
    pub async fn send(&mut self, method: Method, path: &str, kind: Option<&'static str>, body: Vec<u8>) -> Page {
        let request = self.request(method, path, kind, body);
        self.run(request).await
    }

    fn request(&self, method: Method, path: &str, kind: Option<&'static str>, body: Vec<u8>) -> Request {
        let mut builder = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
        if !self.headers.contains_key("sec-fetch-site") {
            builder = builder.header("sec-fetch-site", "same-origin");
        }
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        if let Some(kind) = kind {
            builder = builder.header(header::CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            builder = builder.header(header::COOKIE, all.join("; "));
        }
        builder.body(Body::from(body)).expect("a request")
    }

    async fn run(&mut self, request: Request) -> Page {
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap_or("");
            if let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) {
                if text.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        let streams = parts.headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/event-stream"));
        // A stream of events never ends: only its beginning is looked at here.
        let bytes = if streams { Vec::new() } else { axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec() };
        let status = parts.status.as_u16();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR.as_u16(), "a fault: {}", String::from_utf8_lossy(&bytes));
        Page { status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }
}
