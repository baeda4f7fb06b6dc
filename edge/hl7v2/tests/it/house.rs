//! The hospital of these tests: 84001 with its stand-in hospital system, a listener on a port of its own, and a record that
//! remembers what was filed.

use async_trait::async_trait;
use base::{DocumentId, EncounterId, RecordId};
use db::Tx;
use hl7v2::message::{Message, parse};
use hl7v2::mllp::{Deframer, Piece, framed};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use testkit::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use web::Failure;
use web::ask::{DocumentContent, DocumentLine, FormStart, Incoming, Records, RecordsOf};

/// What was filed, by its id; the same id twice is one paper.
#[derive(Clone, Default)]
pub struct Shelf(pub Arc<Mutex<BTreeMap<DocumentId, Filed>>>);

#[derive(Clone, Debug)]
pub struct Filed {
    pub form: Option<String>,
    pub media_type: String,
    pub content: Vec<u8>,
    pub source: String,
}

impl Shelf {
    pub fn all(&self) -> Vec<Filed> {
        self.0.lock().unwrap().values().cloned().collect()
    }
}

#[async_trait]
impl Records for Shelf {
    async fn of_encounter(&self, _: &mut Tx, _: EncounterId) -> Result<RecordId, Failure> {
        Err(Failure::NotFound)
    }
    async fn write_form(&self, _: &mut Tx, _: &FormStart<'_>) -> Result<(), Failure> {
        Ok(())
    }
    async fn file(&self, _: &mut Tx, incoming: &Incoming<'_>) -> Result<(), Failure> {
        let filed = Filed {
            form: incoming.form.map(str::to_owned),
            media_type: incoming.media_type.to_owned(),
            content: incoming.content.clone(),
            source: incoming.source.to_owned(),
        };
        self.0.lock().unwrap().insert(incoming.document, filed);
        Ok(())
    }
    async fn list(&self, _: &mut Tx, _: RecordsOf) -> Result<Vec<DocumentLine>, Failure> {
        Ok(Vec::new())
    }
    async fn content(&self, _: &mut Tx, _: DocumentId) -> Result<Option<DocumentContent>, Failure> {
        Ok(None)
    }
    async fn gaps(&self, _: &mut Tx, _: EncounterId) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

/// A hospital that listens.
pub struct House {
    pub world: World,
    pub shelf: Shelf,
    pub address: SocketAddr,
}

pub async fn open() -> House {
    let shelf = Shelf::default();
    let records = shelf.clone();
    let modules = vec![patient::module(), encounter::module(), exchange::module(), hl7v2::module()];
    let world = World::wired(modules, |wiring| wiring.records = Arc::new(records)).await;
    let mut tx = world.tx("84001").await;
    exchange::seed::write(&mut tx, "84001", "2026-01-01".parse().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(hl7v2::listener::serve(listener, world.app.clone(), std::future::pending()));
    House { world, shelf, address }
}

impl House {
    pub async fn line(&self) -> Line {
        Line { socket: TcpStream::connect(self.address).await.unwrap(), stream: Deframer::default() }
    }
    /// Sends one message on a connection of its own.
    pub async fn send(&self, message: &str) -> Message {
        self.line().await.send(message.as_bytes()).await
    }
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.tx("84001").await;
        sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap()
    }
    pub async fn text(&self, sql: &'static str) -> String {
        let mut tx = self.world.tx("84001").await;
        sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap()
    }
}

/// A connection of a hospital system.
pub struct Line {
    pub socket: TcpStream,
    stream: Deframer,
}

impl Line {
    pub async fn send(&mut self, message: &[u8]) -> Message {
        self.socket.write_all(&framed(message)).await.unwrap();
        self.answer().await
    }
    pub async fn answer(&mut self) -> Message {
        let mut buffer = [0u8; 4096];
        loop {
            let read = self.socket.read(&mut buffer).await.unwrap();
            assert_ne!(read, 0, "the listener hung up");
            if let Some(Piece::Message(answer)) = self.stream.feed(&buffer[..read]).into_iter().next() {
                return parse(&String::from_utf8(answer).unwrap()).unwrap();
            }
        }
    }
}

/// AA, AE or AR.
pub fn code(answer: &Message) -> String {
    answer.get("MSA", 1, 1)
}

/// A message of the stand-in about Nguyễn Văn An with record number BN1.
pub fn message(kind: &str, id: &str, more: &str) -> String {
    about("BN1", "NGUYỄN^AN^VĂN", "19850315", "M", kind, id, more)
}

pub fn about(record_no: &str, name: &str, birth: &str, sex: &str, kind: &str, id: &str, more: &str) -> String {
    format!(
        "MSH|^~\\&|HIS-MAU|84001|YBA|84001|20261124075900||{kind}|{id}|P|2.5||||||UNICODE UTF-8\rEVN||20261124075500\rPID|1||{record_no}^^^HIS^MR||{name}||{birth}|{sex}|||12 Trần Phú^^Long Châu||0900000001\r{more}"
    )
}

pub const IN_KNOI: &str = "PV1|1|I|K-NOI^101^02||||BS063^Lê^Vân||||||||||||L1\r";
pub const IN_HSTC: &str = "PV1|1|I|K-HSTC||||||||||||||||L1\r";
pub const HOME: &str = "PV1|1|I|K-HSTC||||||||||||||||L1|||||||||||||||||KHOI^Khỏi\r";
