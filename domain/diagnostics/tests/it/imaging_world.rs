//! A morning in the ultrasound room: an ordered and begun study, and pictures as a camera gives them.

use crate::world::{add, clinic, person, place, visit};
use base::{EncounterId, PatientId};
use http::Method;
use testkit::{Client, Page, World};
use uuid::Uuid;

/// The clinic, its sonographer, and one study of the abdomen that she has begun.
pub struct Room {
    pub world: World,
    pub sono: Client,
    pub patient: PatientId,
    pub visit: EncounterId,
    pub order: Uuid,
    pub study: Uuid,
}

impl Room {
    pub async fn open() -> Room {
        let world = clinic().await;
        let patient = person(&world, "84101", "Nguyễn Thị An").await;
        let (visit, order) = ordered(&world, patient, "SA01").await;
        let mut sono = world.sign_in_as("sieuam.84101").await;
        let study = begin(&mut sono, order).await;
        Room { world, sono, patient, visit, order, study }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/app/imaging/studies/{}{rest}", self.study)
    }

    /// Takes a still that differs from every other seed's.
    pub async fn shoot(&mut self, seed: u32) -> Uuid {
        let picture = Uuid::now_v7();
        let path = self.path(&format!("/pictures/{picture}"));
        let page = put(&mut self.sono, &path, "image/jpeg", still(seed)).await;
        assert_eq!(page.status, 201, "{}", page.text);
        picture
    }

    /// Signs a report with these fields besides a conclusion.
    pub async fn release(&mut self, more: &[(&str, &str)]) -> Page {
        let mut fields = vec![("version", "0"), ("s.gallbladder", "Lòng có 1 sỏi 8 mm kèm bóng lưng."), ("conclusion", "Sỏi túi mật 8 mm.")];
        fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        fields.extend_from_slice(more);
        self.sono.post(&self.path("/released"), &fields).await
    }
}

/// A visit with one sent order.
pub async fn ordered(world: &World, patient: PatientId, code: &str) -> (EncounterId, Uuid) {
    let mut doctor = world.sign_in_as("bacsi.84101").await;
    let visit = visit(world, "84101", patient).await;
    let order = add(&mut doctor, visit, code).await;
    assert_eq!(place(&mut doctor, visit, &[order]).await.status, 303);
    (visit, order)
}

/// Calls the person in; gives the study.
pub async fn begin(sono: &mut Client, order: Uuid) -> Uuid {
    let page = sono.post(&format!("/app/imaging/orders/{order}/study"), &[]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.location().rsplit('/').next().and_then(|id| id.parse().ok()).expect("a study")
}

pub async fn put(client: &mut Client, path: &str, kind: &'static str, body: Vec<u8>) -> Page {
    client.send(Method::PUT, path, Some(kind), body).await
}

/// A frame of a probe: JPEG, its pixels of its own.
pub fn still(seed: u32) -> Vec<u8> {
    frame(640, 480, seed)
}

pub fn frame(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([((x + seed * 37) % 256) as u8, (y % 256) as u8, (seed % 256) as u8]));
    let mut out = Vec::new();
    image::DynamicImage::ImageRgb8(picture)
        .write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 85))
        .expect("a frame");
    out
}

/// A clip as a browser writes it: an open segment, one cluster for each time.
pub fn clip(times_ms: &[u64]) -> Vec<u8> {
    let mut out = vec![0x1A, 0x45, 0xDF, 0xA3, 0x87, 0x42, 0x82, 0x84, b'w', b'e', b'b', b'm'];
    out.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    for time in times_ms {
        out.extend([0x1F, 0x43, 0xB6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xE7, 0x88]);
        out.extend(time.to_be_bytes());
        out.extend([0xA3, 0x85, 0x81, 0x00, 0x0A, 0x80, 0x2A]);
    }
    out
}
