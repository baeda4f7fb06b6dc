//! Certificates that are new, expired, revoked, of strangers; authorities that do not answer; papers that outlive both.

use crate::desk::{Desk, doctor, key, work};
use crate::papers;
use base::Clock;
use base::sign::{Kind, SignFault, Signing};
use chrono::{DateTime, TimeDelta, Utc};
use sandbox::trust::{Holder, TrustMode};
use signing::Engine;

fn morning() -> DateTime<Utc> {
    "2026-11-25T01:00:00Z".parse().expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_must_be_good_today() {
    let desk = Desk::at(Clock::fixed(morning())).await;
    let refused = async |holder: Holder| desk.sign(&key(&desk.issue(&holder)), &work(&papers::plain(), "bac_si")).await.expect_err("refused");
    assert_eq!(refused(Holder { days: -1, ..doctor() }).await, SignFault::Expired);
    assert_eq!(refused(Holder { from: Some(morning() + TimeDelta::days(1)), ..doctor() }).await, SignFault::NotYetValid);
    let revoked = desk.issue(&doctor());
    assert!(desk.sign(&key(&revoked), &work(&papers::plain(), "bac_si")).await.is_ok());
    desk.authority.revoke(&revoked.serial).expect("revoked");
    assert_eq!(desk.sign(&key(&revoked), &work(&papers::plain(), "bac_si")).await, Err(SignFault::Revoked));
    // Someone else's authority.
    let stranger = Desk::at(Clock::fixed(morning())).await;
    let foreign = stranger.issue(&doctor());
    assert_eq!(desk.sign(&key(&foreign), &work(&papers::plain(), "bac_si")).await, Err(SignFault::Untrusted));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_from_the_authority_nothing_is_signed() {
    let desk = Desk::at(Clock::fixed(morning())).await;
    let issued = desk.issue(&doctor());
    let sign = async || desk.sign(&key(&issued), &work(&papers::plain(), "bac_si")).await;
    desk.authority.behave(TrustMode::OcspUnknown, 1);
    assert!(matches!(sign().await, Err(SignFault::StatusUnknown(_))));
    desk.authority.behave(TrustMode::StatusDown, 2);
    assert!(matches!(sign().await, Err(SignFault::StatusUnknown(_))));
    desk.authority.behave(TrustMode::TsaDown, 1);
    assert!(matches!(sign().await, Err(SignFault::NoTimestamp(_))));
    // The list of revoked certificates helps out when the responder is down, and is kept in the paper.
    desk.authority.behave(TrustMode::OcspDown, 1);
    let signed = sign().await.expect("by the list");
    assert!(signed.windows(5).any(|w| w == b"/CRLs"), "the list is in the paper");
    assert!(desk.verify(&signed).await.is_valid());
    let hasty = Engine::new(signing::Settings { patience: std::time::Duration::from_millis(200), ..desk.authority.settings() });
    desk.authority.behave(TrustMode::OcspSlow, 2);
    let certificate = desk.engine.certificate(&key(&issued)).await.expect("a certificate");
    // A slow responder is given up after a while; the list answers.
    assert!(hasty.prepare(&certificate, &work(&papers::plain(), "bac_si"), desk.now()).await.is_ok());
    // Later, when everything answers again.
    desk.authority.behave(TrustMode::Exact, 0);
    assert!(sign().await.is_ok());
}

/// Reads only what the paper carries.
fn offline(desk: &Desk) -> Engine {
    Engine::new(signing::Settings { may_ask: false, ..desk.authority.settings() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stamped_paper_outlives_its_certificate() {
    let clock = Clock::fixed(morning());
    let desk = Desk::at(clock.clone()).await;
    let issued = desk.issue(&Holder { days: 30, ..doctor() });
    let signed = desk.sign(&key(&issued), &work(&papers::plain(), "bac_si")).await.expect("a signature");
    let reader = offline(&desk);
    clock.advance(TimeDelta::days(1));
    desk.authority.revoke(&issued.serial).expect("revoked");
    let judge = async |at: DateTime<Utc>| reader.verify(&signed, Kind::Pdf, at).await;
    assert!(judge(desk.now()).await.is_valid(), "revoked after the timestamp");
    assert!(judge(morning() + TimeDelta::days(400)).await.is_valid(), "expired after the timestamp");
    let verdict = judge(morning() + TimeDelta::days(4000)).await;
    assert_eq!(verdict.signatures[0].signed_at, Some(morning()));
    assert!(verdict.is_valid() && verdict.signatures[0].is_long_term, "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_prepared_before_the_revocation_and_stamped_after_it_is_told() {
    let clock = Clock::fixed(morning());
    let desk = Desk::at(clock.clone()).await;
    let issued = desk.issue(&doctor());
    let certificate = desk.engine.certificate(&key(&issued)).await.expect("a certificate");
    let prepared = desk.engine.prepare(&certificate, &work(&papers::plain(), "bac_si"), desk.now()).await.expect("prepared");
    // A day passes in the tray; meanwhile the key is reported stolen.
    clock.advance(TimeDelta::hours(24));
    desk.authority.revoke(&issued.serial).expect("revoked");
    clock.advance(TimeDelta::hours(2));
    let signature = issued.key.sign_digest(&prepared.digest).expect("a signature");
    match desk.engine.finish(prepared, signature).await {
        Ok(signed) => assert!(!desk.verify(&signed).await.is_valid(), "the stamp is later than the revocation"),
        Err(fault) => assert_eq!(fault, SignFault::Revoked),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_s_paper_is_called_untrusted() {
    let (desk, stranger) = (Desk::at(Clock::fixed(morning())).await, Desk::at(Clock::fixed(morning())).await);
    let signed = stranger.sign(&key(&stranger.issue(&doctor())), &work(&papers::plain(), "bac_si")).await.expect("a signature");
    let verdict = desk.verify(&signed).await;
    assert!(!verdict.is_valid() && verdict.covers_whole, "{verdict:?}");
    assert_eq!(verdict.signatures[0].holder, "Nguyễn Thị Phượng");
    assert!(verdict.signatures[0].problem.contains("tin cậy"), "{verdict:?}");
}
