//! The answers of this slice to the questions of others (`web::ask::Records`).

use async_trait::async_trait;
use base::{DocumentId, EncounterId, RecordId};
use db::Tx;
use web::Failure;
use web::ask::{DocumentContent, DocumentLine, FormStart, Incoming, Records, RecordsOf};

/// Answers for the records of a facility.
pub struct RecordDesk;

#[async_trait]
impl Records for RecordDesk {
    async fn of_encounter(&self, _tx: &mut Tx, _encounter: EncounterId) -> Result<RecordId, Failure> {
        Err(Failure::NotFound)
    }
    async fn write_form(&self, _tx: &mut Tx, _form: &FormStart<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
    async fn file(&self, _tx: &mut Tx, _incoming: &Incoming<'_>) -> Result<(), Failure> {
        Err(Failure::NotFound)
    }
    async fn list(&self, _tx: &mut Tx, _of: RecordsOf) -> Result<Vec<DocumentLine>, Failure> {
        Ok(Vec::new())
    }
    async fn content(&self, _tx: &mut Tx, _document: DocumentId) -> Result<Option<DocumentContent>, Failure> {
        Ok(None)
    }
    async fn gaps(&self, _tx: &mut Tx, _encounter: EncounterId) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}
