//! From a certificate to a root that is trusted.

use crate::Cert;
use chrono::{DateTime, Utc};

/// No real hierarchy is deeper; a longer one is somebody playing.
const DEEPEST: usize = 6;

/// The way from `leaf` to one of `roots` over certificates of `pool`, all of them in date at `at`: the leaf first, the
/// root last. `None` when there is no such way.
pub fn to_root(leaf: &Cert, pool: &[Cert], roots: &[Cert], at: DateTime<Utc>) -> Option<Vec<Cert>> {
    let mut way = vec![leaf.clone()];
    climb(&mut way, pool, roots, at).then_some(way)
}

fn climb(way: &mut Vec<Cert>, pool: &[Cert], roots: &[Cert], at: DateTime<Utc>) -> bool {
    let Some(last) = way.last().cloned() else { return false };
    if way.len() > 1 && roots.iter().any(|root| root.der == last.der) {
        return true;
    }
    if way.len() >= DEEPEST {
        return false;
    }
    for next in roots.iter().chain(pool) {
        let fits = next.der != last.der
            && !way.contains(next)
            && next.subject() == last.issuer()
            && next.is_authority()
            && next.is_in_date(at)
            && last.is_signed_by(next);
        if fits {
            way.push(next.clone());
            if climb(way, pool, roots, at) {
                return true;
            }
            way.pop();
        }
    }
    false
}
