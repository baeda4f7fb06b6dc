//! From a still and its facts to a DICOM file: Ultrasound Image, Ultrasound Multi-frame, VL Endoscopic Image, or
//! Secondary Capture for the rest (PS3.3 A.6, A.7, A.32.1, A.8). The JPEG itself travels unchanged.

use crate::jpeg::Frame;
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use dicom_core::smallvec::SmallVec;
use dicom_core::value::{PixelFragmentSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR, dicom_value};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use uuid::Uuid;

/// Who wrote the file, in the file's own head.
const IMPLEMENTATION: &str = "YBA";

/// The facts of a study, as DICOM asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Study {
    pub id: Uuid,
    /// `US`, `ES` or `OT`.
    pub modality: String,
    pub accession: String,
    pub description: String,
    pub started_at: DateTime<Utc>,
    pub patient_name: String,
    pub record_no: String,
    pub birth_date: NaiveDate,
    /// `male`, `female` or anything else for unknown.
    pub sex: String,
    pub institution: String,
    pub referring: String,
    pub performer: String,
}

/// One still with its own facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Still {
    pub id: Uuid,
    /// 1, 2, 3 … in the order in which they were taken.
    pub number: usize,
    pub taken_at: DateTime<Utc>,
    pub frame: Frame,
}

/// A UUID as a DICOM identifier: under the root 2.25 its decimal number (PS3.5 annex B.2), never longer than 64.
pub fn uid(id: Uuid) -> String {
    format!("2.25.{}", id.as_u128())
}

/// An identifier of something that has no row of its own (a series), always the same for the same parent.
fn derived_uid(parent: Uuid, what: u128) -> String {
    uid(Uuid::from_u128(parent.as_u128() ^ (what << 64)))
}

/// A Vietnamese name in DICOM's order: the family name stands first there as here, `^` parts it from the rest. The
/// letters stay as they are: the file says that it is written in UTF-8.
pub fn person_name(name: &str) -> String {
    let clean: String = name.chars().map(|c| if matches!(c, '^' | '=' | '\\') || c.is_control() { ' ' } else { c }).collect();
    let mut words = clean.split_whitespace();
    let family = words.next().unwrap_or("");
    let rest: Vec<&str> = words.collect();
    let whole = if rest.is_empty() { family.to_owned() } else { format!("{family}^{}", rest.join(" ")) };
    whole.chars().take(64).collect()
}

/// A clinician as "BS. Lê Hoàng Phúc": the title goes to its own place, the fourth of a name.
fn clinician(name: &str) -> String {
    match name.split_once(". ") {
        Some((title, rest)) if !title.contains(' ') => format!("{}^^{title}.", person_name(rest)),
        _ => person_name(name),
    }
}

/// A still as a DICOM file.
pub fn single(study: &Study, still: &Still) -> Result<Vec<u8>> {
    let class = match study.modality.as_str() {
        "US" => uids::ULTRASOUND_IMAGE_STORAGE,
        "ES" => uids::VL_ENDOSCOPIC_IMAGE_STORAGE,
        _ => uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
    };
    let mut object = head(study, class, &uid(still.id), still.number, still.taken_at);
    pixels(&mut object, std::slice::from_ref(&still.frame))?;
    file(object, class, &uid(still.id))
}

/// Several stills of one size as one Ultrasound Multi-frame object, each with its time after the one before.
pub fn multi_frame(study: &Study, stills: &[Still]) -> Result<Vec<u8>> {
    let first = stills.first().context("no still")?;
    let class = if study.modality == "US" { uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE } else { uids::MULTI_FRAME_TRUE_COLOR_SECONDARY_CAPTURE_IMAGE_STORAGE };
    let instance = derived_uid(study.id, 0x6d66);
    let mut object = head(study, class, &instance, stills.len() + 1, first.taken_at);
    let frames: Vec<Frame> = stills.iter().map(|still| still.frame.clone()).collect();
    pixels(&mut object, &frames)?;
    text(&mut object, tags::NUMBER_OF_FRAMES, VR::IS, frames.len().to_string());
    let times: Vec<String> = std::iter::once("0".to_owned())
        .chain(stills.windows(2).map(|pair| (pair[1].taken_at - pair[0].taken_at).num_milliseconds().max(0).to_string()))
        .collect();
    object.put(DataElement::new(tags::FRAME_TIME_VECTOR, VR::DS, PrimitiveValue::Strs(SmallVec::from_vec(times))));
    object.put(DataElement::new(tags::FRAME_INCREMENT_POINTER, VR::AT, dicom_value!(Tags, [tags::FRAME_TIME_VECTOR])));
    file(object, class, &instance)
}

fn text(object: &mut InMemDicomObject, tag: Tag, vr: VR, value: impl Into<String>) {
    object.put(DataElement::new(tag, vr, PrimitiveValue::from(value.into())));
}

/// Person, study, series and instance: what every object carries.
fn head(study: &Study, class: &str, instance: &str, number: usize, taken_at: DateTime<Utc>) -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    let started = base::local_time(study.started_at);
    let taken = base::local_time(taken_at);
    let sex = match study.sex.as_str() {
        "male" => "M",
        "female" => "F",
        _ => "O",
    };
    let cut = |value: &str, most: usize| value.replace('\\', "/").chars().take(most).collect::<String>();
    for (tag, vr, value) in [
        // All letters that follow are UTF-8 (PS3.3 C.12.1.1.2).
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192".to_owned()),
        (tags::SOP_CLASS_UID, VR::UI, class.to_owned()),
        (tags::SOP_INSTANCE_UID, VR::UI, instance.to_owned()),
        (tags::STUDY_DATE, VR::DA, started.format("%Y%m%d").to_string()),
        (tags::STUDY_TIME, VR::TM, started.format("%H%M%S").to_string()),
        (tags::CONTENT_DATE, VR::DA, taken.format("%Y%m%d").to_string()),
        (tags::CONTENT_TIME, VR::TM, taken.format("%H%M%S%.6f").to_string()),
        (tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, "+0700".to_owned()),
        (tags::ACCESSION_NUMBER, VR::SH, cut(&study.accession, 16)),
        (tags::MODALITY, VR::CS, study.modality.clone()),
        (tags::MANUFACTURER, VR::LO, "Yba".to_owned()),
        (tags::INSTITUTION_NAME, VR::LO, cut(&study.institution, 64)),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN, clinician(&study.referring)),
        (tags::PERFORMING_PHYSICIAN_NAME, VR::PN, clinician(&study.performer)),
        (tags::STUDY_DESCRIPTION, VR::LO, cut(&study.description, 64)),
        (tags::PATIENT_NAME, VR::PN, person_name(&study.patient_name)),
        (tags::PATIENT_ID, VR::LO, cut(&study.record_no, 64)),
        (tags::PATIENT_BIRTH_DATE, VR::DA, study.birth_date.format("%Y%m%d").to_string()),
        (tags::PATIENT_SEX, VR::CS, sex.to_owned()),
        (tags::STUDY_INSTANCE_UID, VR::UI, uid(study.id)),
        (tags::SERIES_INSTANCE_UID, VR::UI, derived_uid(study.id, 1)),
        (tags::STUDY_ID, VR::SH, cut(&study.accession, 16)),
        (tags::SERIES_NUMBER, VR::IS, "1".to_owned()),
        (tags::INSTANCE_NUMBER, VR::IS, number.to_string()),
        // A picture of a screen, not what the machine's own sensor gave.
        (tags::CONVERSION_TYPE, VR::CS, "DV".to_owned()),
        (tags::PATIENT_ORIENTATION, VR::CS, String::new()),
        (tags::LATERALITY, VR::CS, String::new()),
    ] {
        text(&mut object, tag, vr, value);
    }
    object.put(DataElement::new(
        tags::IMAGE_TYPE,
        VR::CS,
        PrimitiveValue::Strs(SmallVec::from_vec(vec!["DERIVED".to_owned(), "PRIMARY".to_owned()])),
    ));
    object
}

/// The picture itself, one fragment per frame, and everything that says how to read it.
fn pixels(object: &mut InMemDicomObject, frames: &[Frame]) -> Result<()> {
    let first = frames.first().context("no frame")?;
    ensure!(
        frames.iter().all(|frame| (frame.rows, frame.columns, frame.samples) == (first.rows, first.columns, first.samples)),
        "the frames differ in size"
    );
    let is_colour = first.samples == 3;
    // JPEG keeps brightness and colour apart, whatever the camera gave (PS3.5 8.2.1).
    text(object, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, if is_colour { "YBR_FULL_422" } else { "MONOCHROME2" });
    let number = |tag: Tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    object.put(number(tags::SAMPLES_PER_PIXEL, u16::from(first.samples)));
    if is_colour {
        object.put(number(tags::PLANAR_CONFIGURATION, 0));
    }
    for (tag, value) in [
        (tags::ROWS, first.rows),
        (tags::COLUMNS, first.columns),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
        (tags::HIGH_BIT, 7),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        object.put(number(tag, value));
    }
    text(object, tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01");
    text(object, tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, "ISO_10918_1");
    let bytes: usize = frames.iter().map(|frame| frame.content.len()).sum();
    let raw = usize::from(first.rows) * usize::from(first.columns) * usize::from(first.samples) * frames.len();
    text(object, tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, format!("{:.1}", raw as f64 / bytes.max(1) as f64));
    let mut fragments = Vec::with_capacity(frames.len());
    let mut offsets = Vec::with_capacity(frames.len());
    let mut at = 0u32;
    for frame in frames {
        let mut content = frame.content.clone();
        // Every fragment has an even length.
        if content.len() % 2 == 1 {
            content.push(0);
        }
        offsets.push(at);
        at = at.checked_add(8 + u32::try_from(content.len())?).context("too many pictures for one object")?;
        fragments.push(content);
    }
    let sequence = PixelFragmentSequence::new(offsets, fragments);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, Value::PixelSequence(sequence)));
    Ok(())
}

fn file(object: InMemDicomObject, class: &str, instance: &str) -> Result<Vec<u8>> {
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::JPEG_BASELINE8_BIT)
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(instance)
        .implementation_version_name(IMPLEMENTATION);
    let mut out = Vec::new();
    object.with_meta(meta)?.write_all(&mut out)?;
    Ok(out)
}
