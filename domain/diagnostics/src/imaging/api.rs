//! Released imaging reports for programs.

use crate::store::{self, imaging, imaging::Earlier};
use axum::response::IntoResponse;
use base::EncounterId;
use serde::Serialize;
use serde_json::json;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Path};

/// The part of `/api/openapi.json` that describes imaging.
#[derive(OpenApi)]
#[openapi(paths(list), components(schemas(ImagingReportOut, TextOut, MeasureOut, PictureOut)))]
pub struct ApiDoc;

/// A released report, newest version.
#[derive(Serialize, ToSchema)]
pub struct ImagingReportOut {
    id: Uuid,
    study_id: Uuid,
    accession: String,
    service: String,
    title: String,
    version: i32,
    /// Why an earlier version was corrected; empty for the first.
    reason: String,
    sections: Vec<TextOut>,
    measures: Vec<MeasureOut>,
    conclusion: String,
    recommendation: String,
    abnormal: bool,
    critical: bool,
    pictures: Vec<PictureOut>,
    released_at: chrono::DateTime<chrono::Utc>,
    released_by: String,
}

#[derive(Serialize, ToSchema)]
pub struct TextOut {
    title: String,
    text: String,
}

#[derive(Serialize, ToSchema)]
pub struct MeasureOut {
    label: String,
    value: String,
    unit: String,
    /// The formula of a computed value, empty for what was measured.
    source: String,
}

#[derive(Serialize, ToSchema)]
pub struct PictureOut {
    id: Uuid,
    caption: String,
    /// SHA-256 of the JPEG.
    sha256: String,
}

impl From<Earlier> for ImagingReportOut {
    fn from(report: Earlier) -> ImagingReportOut {
        let content = report.content.0;
        let measured = content.measures.into_iter().map(|m| MeasureOut { label: m.label, value: m.value, unit: m.unit, source: String::new() });
        let computed = content.derived.into_iter().map(|d| MeasureOut { label: d.label, value: d.value, unit: String::new(), source: d.source });
        ImagingReportOut {
            id: report.report_id,
            study_id: report.study_id,
            accession: report.accession,
            service: report.service_name,
            title: content.title,
            version: report.version,
            reason: report.reason,
            sections: content.sections.into_iter().map(|s| TextOut { title: s.title, text: s.text }).collect(),
            measures: measured.chain(computed).collect(),
            conclusion: content.conclusion,
            recommendation: content.recommendation,
            abnormal: report.is_abnormal,
            critical: report.is_critical,
            pictures: content.pictures.into_iter().map(|p| PictureOut { id: p.picture, caption: p.caption, sha256: p.file }).collect(),
            released_at: report.released_at,
            released_by: report.released_name,
        }
    }
}

/// The released imaging reports of a visit, the newest version of each. Drafts are never shown.
#[utoipa::path(get, path = "/api/v1/encounters/{id}/imaging-reports", params(("id" = Uuid, Path)), tag = "imaging",
    responses((status = 200, description = "Reports", body = [ImagingReportOut]), (status = 404, description = "No such visit")))]
pub async fn list(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let visit = store::find_visit(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let reports = imaging::list_of_encounter(tx.conn(), ctx.facility(), id).await?;
    tx.audit("read", "imaging-report", id, Some(visit.patient), json!({ "reports": reports.len() }));
    tx.commit().await?;
    Ok(axum::Json(reports.into_iter().map(ImagingReportOut::from).collect::<Vec<_>>()).into_response())
}
