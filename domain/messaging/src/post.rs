//! Answers the modules that send something.

use async_trait::async_trait;
use db::Tx;
use web::Failure;
use web::ask::{Letter, Messages};

/// The post of the house.
pub struct Post;

#[async_trait]
impl Messages for Post {
    async fn send(&self, _tx: &mut Tx, _letter: &Letter<'_>) -> Result<(), Failure> {
        Ok(())
    }
}
