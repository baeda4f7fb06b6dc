//! The order of the entries says nothing: whatever way a sender shuffles them, the same is done.

use crate::house::visit_bundle;
use fhir_api::bundle::read;
use proptest::prelude::*;
use serde_json::Value;

proptest! {
    #[test]
    fn every_order_of_the_entries_means_the_same(order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle()) {
        let straight = visit_bundle("B-1");
        let entries = straight["entry"].as_array().unwrap().clone();
        let mut shuffled = straight.clone();
        shuffled["entry"] = Value::Array(order.iter().map(|n| entries[*n].clone()).collect());
        let (a, b) = (read(&straight).unwrap(), read(&shuffled).unwrap());
        prop_assert_eq!(a.content, b.content);
        let told: Vec<_> = order.iter().map(|n| a.entries[*n].clone()).collect();
        prop_assert_eq!(told, b.entries);
    }

    #[test]
    fn a_lost_or_spoilt_piece_never_panics(at in 0usize..7, key in "[a-zA-Z]{1,12}", junk in prop_oneof![Just(Value::Null), Just(serde_json::json!([[[]]])), Just(serde_json::json!({ "reference": 5 })), Just(serde_json::json!("x")), Just(serde_json::json!(1e300))]) {
        let keys = ["identifier", "code", "subject", "encounter", "period", "location", "result", "content", "meta", "name", "birthDate"];
        for name in keys.into_iter().chain([key.as_str()]) {
            let mut bundle = visit_bundle("B-1");
            bundle["entry"][at]["resource"][name] = junk.clone();
            // Understood or refused, with at least one reason.
            if let Err(issues) = read(&bundle) {
                prop_assert!(!issues.is_empty());
            }
        }
    }
}
