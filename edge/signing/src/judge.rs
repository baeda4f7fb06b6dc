//! Was the signer's certificate good when it signed? The same questions for PDF and XML.

use crate::ask::Asker;
use crate::revocation::{Evidence, Status, status};
use crate::timestamp::Token;
use crate::{Cert, chain};
use base::sign::SignatureVerdict;
use chrono::{DateTime, Utc};

/// One signature as it was read from a document.
#[derive(Clone, Debug, Default)]
pub struct Sighted {
    pub field: String,
    /// `None` when the signature cannot be read.
    pub signer: Option<Cert>,
    /// Certificates that came along.
    pub pool: Vec<Cert>,
    /// When the signer says it was.
    pub claimed: Option<DateTime<Utc>>,
    /// A timestamp over this very signature.
    pub timestamp: Option<Token>,
    /// The first document timestamp that covers the signature.
    pub covered_at: Option<DateTime<Utc>>,
    /// What is wrong already, in Vietnamese; empty when the mathematics hold.
    pub problem: String,
}

const UNTRUSTED: &str = "Chứng thư không dẫn tới tổ chức chứng thực được tin cậy.";
const BAD_TIMESTAMP: &str = "Dấu thời gian không do nơi cấp được tin cậy.";
const UNKNOWN: &str = "Không có bằng chứng chứng thư còn hiệu lực lúc ký (OCSP hoặc CRL).";
const NOT_FOR_SIGNING: &str = "Chứng thư không dành cho việc ký.";

impl Asker {
    /// Judges one signature with the evidence that its document carries, at the time that a timestamp proves; without
    /// one, at `at`, because nobody vouches for the signer's claim.
    pub async fn judge(&self, seen: &Sighted, evidence: &Evidence, at: DateTime<Utc>) -> SignatureVerdict {
        let mut verdict = SignatureVerdict {
            field: seen.field.clone(),
            holder: String::new(),
            holder_id: None,
            issuer: String::new(),
            serial: String::new(),
            signed_at: seen.claimed,
            has_timestamp: false,
            is_long_term: false,
            problem: seen.problem.clone(),
        };
        let Some(signer) = &seen.signer else { return verdict };
        (verdict.holder, verdict.holder_id) = (signer.common_name(), signer.holder_id());
        (verdict.issuer, verdict.serial) = (signer.issuer_name(), signer.serial_hex());
        let kept: Vec<Cert> = evidence.certificates.iter().filter_map(|der| Cert::read(der)).collect();
        let pool: Vec<Cert> = seen.pool.iter().cloned().chain(kept).collect();
        let stamp_way = seen.timestamp.as_ref().map(|token| (token, token.way(&pool, &self.roots)));
        let mut when = seen.covered_at.unwrap_or(at);
        let mut stamp_is_proven = false;
        if let Some((token, way)) = &stamp_way {
            let Some(way) = way else {
                complain(&mut verdict, BAD_TIMESTAMP.into());
                return verdict;
            };
            when = token.at;
            (verdict.has_timestamp, verdict.signed_at) = (true, Some(token.at));
            match worst(way, evidence, when) {
                Status::Revoked(_) => complain(&mut verdict, BAD_TIMESTAMP.into()),
                found => stamp_is_proven = found == Status::Good,
            }
        } else if let Some(covered) = seen.covered_at {
            (verdict.has_timestamp, verdict.signed_at) = (true, Some(covered));
        }
        if let Some(problem) = in_date(signer, when, verdict.has_timestamp) {
            complain(&mut verdict, problem);
        }
        if !signer.is_for_signing() {
            complain(&mut verdict, NOT_FOR_SIGNING.into());
        }
        let Some(way) = chain::to_root(signer, &pool, &self.roots, when) else {
            complain(&mut verdict, UNTRUSTED.into());
            return verdict;
        };
        match worst(&way, evidence, when) {
            Status::Revoked(since) => complain(&mut verdict, format!("Chứng thư đã bị thu hồi lúc {}, trước khi ký.", local(since))),
            Status::Good => verdict.is_long_term = stamp_is_proven,
            // A document without evidence: its authorities may still be there to be asked.
            Status::Unknown | Status::Denied if self.settings.may_ask => match self.evidence(&way, when).await {
                Ok(_) => {}
                Err(base::sign::SignFault::Revoked) => complain(&mut verdict, "Chứng thư đã bị thu hồi trước khi ký.".into()),
                Err(_) => complain(&mut verdict, UNKNOWN.into()),
            },
            Status::Unknown | Status::Denied => complain(&mut verdict, UNKNOWN.into()),
        }
        verdict
    }
}

/// The first problem is the one that is told.
fn complain(verdict: &mut SignatureVerdict, problem: String) {
    if verdict.problem.is_empty() {
        verdict.problem = problem;
    }
}

fn in_date(signer: &Cert, when: DateTime<Utc>, is_proven: bool) -> Option<String> {
    if when < signer.not_before() {
        return Some("Chứng thư chưa có hiệu lực lúc ký.".into());
    }
    if when <= signer.not_after() {
        return None;
    }
    let end = local(signer.not_after());
    Some(if is_proven {
        format!("Chứng thư đã hết hạn lúc {end}, trước khi ký.")
    } else {
        format!("Chứng thư đã hết hạn lúc {end} và không có dấu thời gian chứng minh ký trước đó.")
    })
}

/// The state of a whole way to a root: revoked if one is, good only if all are.
fn worst(way: &[Cert], evidence: &Evidence, when: DateTime<Utc>) -> Status {
    let mut all = Status::Good;
    for pair in way.windows(2) {
        match status(&pair[0], &pair[1], evidence, when) {
            Status::Revoked(since) => return Status::Revoked(since),
            Status::Good => {}
            other => all = other,
        }
    }
    all
}

/// Vietnam's time, as people write it.
pub fn local(at: DateTime<Utc>) -> String {
    let shown = at + chrono::TimeDelta::hours(7);
    shown.format("%H:%M ngày %d/%m/%Y").to_string()
}
