//! Objects as other people's tools see them: dcmtk where it is installed, and read back by the library itself.

use chrono::{NaiveDate, TimeDelta};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{DefaultDicomObject, from_reader};
use dicom_objects::jpeg::Frame;
use dicom_objects::object::{Still, Study, multi_frame, person_name, single, uid};
use std::io::Write;
use std::process::Command;
use uuid::Uuid;

fn study(modality: &str) -> Study {
    Study {
        id: Uuid::from_u128(0x0193_5a7c_1f00_7000_8000_0000_0000_0001),
        modality: modality.to_owned(),
        accession: "261124-0001".into(),
        description: "Siêu âm ổ bụng".into(),
        started_at: "2026-11-23T18:30:00Z".parse().unwrap(),
        patient_name: "Nguyễn Thị Cẩm Hường".into(),
        record_no: "AT-0004521".into(),
        birth_date: NaiveDate::from_ymd_opt(1985, 3, 15).unwrap(),
        sex: "female".into(),
        institution: "Phòng khám Đa khoa An Tâm".into(),
        referring: "BS. Lê Hoàng Phúc".into(),
        performer: "BS. Trịnh Ngọc Bích".into(),
    }
}

fn still(number: usize) -> Still {
    let picture = image::RgbImage::from_fn(321, 240, |x, y| image::Rgb([((x * number as u32) % 256) as u8, (y % 256) as u8, 9]));
    let mut content = Vec::new();
    image::DynamicImage::ImageRgb8(picture)
        .write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut content, 85))
        .unwrap();
    Still {
        id: Uuid::from_u128(0x0193_5a7c_1f00_7000_8000_0000_0000_0100 + number as u128),
        number,
        taken_at: study("US").started_at + TimeDelta::milliseconds(number as i64 * 1500),
        frame: Frame::read(content).unwrap(),
    }
}

fn text(object: &DefaultDicomObject, tag: dicom_core::Tag) -> String {
    object.element(tag).unwrap().to_str().unwrap().trim_end_matches(['\0', ' ']).to_string()
}

/// What `dcmdump` says; `None` when it is not installed.
fn dumped(bytes: &[u8]) -> Option<String> {
    let mut file = std::env::temp_dir();
    file.push(format!("yba-{}.dcm", Uuid::now_v7()));
    std::fs::File::create(&file).unwrap().write_all(bytes).unwrap();
    let out = Command::new("dcmdump").args(["+L", "-q"]).arg(&file).output().ok();
    // dcmdjpeg unpacks the pixels: only a true picture survives that.
    let unpacked = file.with_extension("raw.dcm");
    let pixels = Command::new("dcmdjpeg").arg(&file).arg(&unpacked).output().ok();
    let _ = std::fs::remove_file(&file);
    let _ = std::fs::remove_file(&unpacked);
    let out = out?;
    assert!(out.status.success(), "dcmdump: {}", String::from_utf8_lossy(&out.stderr));
    if let Some(pixels) = pixels {
        assert!(pixels.status.success(), "dcmdjpeg: {}", String::from_utf8_lossy(&pixels.stderr));
    }
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn a_still_is_an_ultrasound_image_with_its_jpeg_untouched() {
    let still = still(1);
    let bytes = single(&study("US"), &still).unwrap();
    let object = from_reader(&bytes[128..]).or_else(|_| from_reader(bytes.as_slice())).unwrap();
    assert_eq!(object.meta().transfer_syntax().trim_end_matches('\0'), uids::JPEG_BASELINE8_BIT);
    for (tag, value) in [
        (tags::SOP_CLASS_UID, uids::ULTRASOUND_IMAGE_STORAGE),
        (tags::PATIENT_NAME, "Nguyễn^Thị Cẩm Hường"),
        (tags::PATIENT_ID, "AT-0004521"),
        (tags::PATIENT_BIRTH_DATE, "19850315"),
        (tags::PATIENT_SEX, "F"),
        (tags::ACCESSION_NUMBER, "261124-0001"),
        (tags::STUDY_DESCRIPTION, "Siêu âm ổ bụng"),
        // Half past one at night in Vietnam: the day has turned already.
        (tags::STUDY_DATE, "20261124"),
        (tags::REFERRING_PHYSICIAN_NAME, "Lê^Hoàng Phúc^^BS."),
        (tags::SPECIFIC_CHARACTER_SET, "ISO_IR 192"),
        (tags::PHOTOMETRIC_INTERPRETATION, "YBR_FULL_422"),
    ] {
        assert_eq!(text(&object, tag), value, "{tag}");
    }
    let pixels = object.element(tags::PIXEL_DATA).unwrap().fragments().unwrap();
    assert_eq!(pixels.len(), 1);
    assert!(pixels[0].starts_with(&still.frame.content));
    if let Some(told) = dumped(&bytes) {
        for said in ["Nguyễn^Thị Cẩm Hường", "=JPEGBaseline", "261124-0001", "US"] {
            assert!(told.contains(said), "{said}: {told}");
        }
    }
}

#[test]
fn endoscopy_and_the_rest_have_classes_of_their_own() {
    for (modality, class) in [("ES", uids::VL_ENDOSCOPIC_IMAGE_STORAGE), ("OT", uids::SECONDARY_CAPTURE_IMAGE_STORAGE)] {
        let bytes = single(&study(modality), &still(2)).unwrap();
        let object = from_reader(bytes.as_slice()).unwrap();
        assert_eq!(text(&object, tags::SOP_CLASS_UID), class);
        dumped(&bytes);
    }
}

#[test]
fn several_stills_are_one_multi_frame_object() {
    let stills = [still(1), still(2), still(3)];
    let bytes = multi_frame(&study("US"), &stills).unwrap();
    let object = from_reader(bytes.as_slice()).unwrap();
    assert_eq!(text(&object, tags::SOP_CLASS_UID), uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE);
    assert_eq!(text(&object, tags::NUMBER_OF_FRAMES), "3");
    assert_eq!(text(&object, tags::FRAME_TIME_VECTOR), "0\\1500\\1500");
    let pixels = object.element(tags::PIXEL_DATA).unwrap().fragments().unwrap();
    for (fragment, still) in pixels.iter().zip(&stills) {
        assert!(fragment.starts_with(&still.frame.content) && fragment.len() % 2 == 0);
    }
    if let Some(told) = dumped(&bytes) {
        assert!(told.contains("NumberOfFrames") && told.contains("FrameTimeVector"), "{told}");
    }
    assert!(multi_frame(&study("US"), &[]).is_err());
}

#[test]
fn every_identifier_is_well_formed_and_stays() {
    let bytes = single(&study("US"), &still(1)).unwrap();
    assert_eq!(bytes, single(&study("US"), &still(1)).unwrap(), "the same still gives the same object");
    let object = from_reader(bytes.as_slice()).unwrap();
    let mut seen = std::collections::HashSet::new();
    for tag in [tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID, tags::SOP_INSTANCE_UID] {
        let uid = text(&object, tag);
        assert!(uid.len() <= 64 && uid.starts_with("2.25.") && !uid[5..].starts_with('0'), "{uid}");
        assert!(seen.insert(uid));
    }
    assert_eq!(uid(Uuid::max()), "2.25.340282366920938463463374607431768211455");
}

#[test]
fn names_take_the_shape_of_the_standard() {
    for (name, written) in [
        ("Nguyễn Văn An", "Nguyễn^Văn An"),
        ("Y", "Y"),
        ("  Kim   Thị Sa Rây ", "Kim^Thị Sa Rây"),
        ("A^B=C\\D", "A^B C D"),
        ("", ""),
    ] {
        assert_eq!(person_name(name), written);
    }
}
