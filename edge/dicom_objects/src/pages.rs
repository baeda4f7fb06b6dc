//! Downloading a still of a study as DICOM.

use crate::jpeg::Frame;
use crate::object::{self, Still, Study};
use axum::response::IntoResponse;
use diagnostics::store::imaging;
use http::{HeaderValue, header};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path};

/// `GET /app/imaging/studies/{id}/dicom/{number}`: still 1, 2, 3 … as one object; 0 gives all stills of the first one's
/// size as one multi-frame object.
pub async fn download(ctx: Ctx, Path((id, number)): Path<(Uuid, String)>) -> Answer {
    let number: usize = number.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let found = imaging::find_study(tx.conn(), facility, id).await?.ok_or(Failure::NotFound)?;
    let mut stills = imaging::list_pictures(tx.conn(), facility, id).await?;
    stills.retain(imaging::Picture::is_still);
    let wanted: Vec<(usize, imaging::Picture)> =
        stills.into_iter().enumerate().filter(|(at, _)| number == 0 || at + 1 == number).collect();
    if wanted.is_empty() {
        return Err(Failure::NotFound);
    }
    let ours = organization::facility::get(tx.conn(), facility).await?;
    tx.audit("export", "imaging-picture", id, Some(found.patient()), json!({ "as": "dicom", "number": number }));
    tx.commit().await?;
    let mut contents = Vec::with_capacity(wanted.len());
    for (at, picture) in wanted {
        contents.push((at, picture.picture_id, picture.taken_at, ctx.app.files().fetch(facility, &picture.file).await?));
    }
    let study = study(found, ours.facts.name);
    let bytes = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<u8>> {
        let mut stills = Vec::with_capacity(contents.len());
        for (at, id, taken_at, content) in contents {
            stills.push(Still { id, number: at + 1, taken_at, frame: Frame::read(content)? });
        }
        if number > 0 {
            return object::single(&study, &stills[0]);
        }
        let size = (stills[0].frame.rows, stills[0].frame.columns, stills[0].frame.samples);
        stills.retain(|still| (still.frame.rows, still.frame.columns, still.frame.samples) == size);
        object::multi_frame(&study, &stills)
    })
    .await
    .map_err(|e| Failure::Fault(e.into()))??;
    let name = format!("attachment; filename=\"{}-{number}.dcm\"", id.simple());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/dicom")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(|e| Failure::Fault(e.into()))?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

fn study(found: imaging::Study, institution: String) -> Study {
    Study {
        id: found.study_id,
        modality: found.modality,
        accession: found.accession,
        description: found.service_name,
        started_at: found.started_at,
        patient_name: found.patient_name,
        record_no: found.record_no,
        birth_date: found.birth_date,
        sex: found.sex,
        institution,
        referring: found.ordered_name,
        performer: found.started_name,
    }
}
