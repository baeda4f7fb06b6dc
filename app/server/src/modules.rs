//! The list of modules: the one place that knows them all.

use utoipa::OpenApi;
use web::{Migration, Module};

/// Every slice of the house, spine first.
pub fn modules() -> Vec<Module> {
    vec![
        organization::module(),
        practitioner::module(),
        patient::module(),
        encounter::module(),
        diagnostics::module(),
        medication::module(),
        billing::module(),
        inventory::module(),
        subscription::module(),
        record::module(),
        inpatient::module(),
        sharing::module(),
        exchange::module(),
        scheduling::module(),
        kiosk::module(),
        messaging::module(),
        care_desk::module(),
        portal::module(),
        hl7v2::module(),
        fhir_api::module(),
        record_link::module(),
        identity::module(),
        notify::module(),
        dicom_objects::module(),
        payment::module(),
        reporting::module(),
        crate::api_docs::module(),
    ]
}

/// The migrations of the kernel, the catalogues and all slices.
pub fn migrations(modules: &[Module]) -> Vec<Migration> {
    let mut all = web::router::migrations(modules);
    all.extend_from_slice(codes::MIGRATIONS);
    all
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Yba", description = "Giao diện lập trình của Yba. Mã truy cập: POST /oauth/token (client credentials)."),
    nest()
)]
struct Whole;

/// The description of `/api`, put together from all slices.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut whole = Whole::openapi();
    for part in [
        patient::api::ApiDoc::openapi(),
        encounter::api::ApiDoc::openapi(),
        diagnostics::api::ApiDoc::openapi(),
        diagnostics::imaging::api::ApiDoc::openapi(),
        diagnostics::lab::api::ApiDoc::openapi(),
        medication::api::ApiDoc::openapi(),
        billing::api::ApiDoc::openapi(),
        inventory::api::ApiDoc::openapi(),
    ] {
        whole.merge(part);
    }
    use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", Scopes::new()));
    whole
        .components
        .get_or_insert_default()
        .add_security_scheme("oauth", SecurityScheme::OAuth2(OAuth2::new([flow])));
    whole.security = Some(vec![utoipa::openapi::security::SecurityRequirement::new::<_, [&str; 0], &str>("oauth", [])]);
    whole
}
