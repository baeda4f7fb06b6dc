//! The Typst world: our fonts, our templates and one JSON file with the data of the paper being set. It sees no disk,
//! no network and no clock, so the same data always gives the same bytes.

use crate::data::{self, Prepared};
use chrono::{DateTime, Datelike, Timelike, Utc};
use std::collections::HashMap;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::ecow::EcoString;
use typst::foundations::{Bytes, Datetime, Duration, Label, Selector, Smart, Value};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::{LazyHash, PicoStr};
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// The papers that can be asked for, by name.
pub const TEMPLATES: [&str; 26] = [
    "lab-label", "lot-label", "wristband", "lab-report", "ticket", "order-slip", "prescription", "exam-sheet", "invoice", "follow-up", "cash-shift", "imaging-report", "report", "drug-labels",
    "drug-instructions", "stock-receipt", "stock-issue", "stocktake", "disposal", "controlled-book",
    "package-contract", "debt-note", "cash-handover", "record-form", "scan-cover", "scan-pdf",
];

/// What the templates read from disk while developing and from the binary when running.
const SOURCES: [(&str, &str); 27] = [
    ("paper.typ", include_str!("../templates/paper.typ")),
    ("lab-label.typ", include_str!("../templates/lab-label.typ")),
    ("lot-label.typ", include_str!("../templates/lot-label.typ")),
    ("wristband.typ", include_str!("../templates/wristband.typ")),
    ("lab-report.typ", include_str!("../templates/lab-report.typ")),
    ("ticket.typ", include_str!("../templates/ticket.typ")),
    ("order-slip.typ", include_str!("../templates/order-slip.typ")),
    ("prescription.typ", include_str!("../templates/prescription.typ")),
    ("exam-sheet.typ", include_str!("../templates/exam-sheet.typ")),
    ("invoice.typ", include_str!("../templates/invoice.typ")),
    ("follow-up.typ", include_str!("../templates/follow-up.typ")),
    ("cash-shift.typ", include_str!("../templates/cash-shift.typ")),
    ("drug-labels.typ", include_str!("../templates/drug-labels.typ")),
    ("drug-instructions.typ", include_str!("../templates/drug-instructions.typ")),
    ("report.typ", include_str!("../templates/report.typ")),
    ("stock-receipt.typ", include_str!("../templates/stock-receipt.typ")),
    ("stock-issue.typ", include_str!("../templates/stock-issue.typ")),
    ("stocktake.typ", include_str!("../templates/stocktake.typ")),
    ("disposal.typ", include_str!("../templates/disposal.typ")),
    ("controlled-book.typ", include_str!("../templates/controlled-book.typ")),
    ("imaging-report.typ", include_str!("../templates/imaging-report.typ")),
    ("package-contract.typ", include_str!("../templates/package-contract.typ")),
    ("debt-note.typ", include_str!("../templates/debt-note.typ")),
    ("cash-handover.typ", include_str!("../templates/cash-handover.typ")),
    ("record-form.typ", include_str!("../templates/record-form.typ")),
    ("scan-cover.typ", include_str!("../templates/scan-cover.typ")),
    ("scan-pdf.typ", include_str!("../templates/scan-pdf.typ")),
];

const FONTS: [&[u8]; 12] = [
    include_bytes!("../fonts/BeVietnamPro-400Regular.ttf"),
    include_bytes!("../fonts/BeVietnamPro-400Regular_Italic.ttf"),
    include_bytes!("../fonts/BeVietnamPro-600SemiBold.ttf"),
    include_bytes!("../fonts/BeVietnamPro-700Bold.ttf"),
    include_bytes!("../fonts/Inter-400Regular.ttf"),
    include_bytes!("../fonts/Inter-400Regular_Italic.ttf"),
    include_bytes!("../fonts/Inter-600SemiBold.ttf"),
    include_bytes!("../fonts/Inter-700Bold.ttf"),
    include_bytes!("../fonts/Tinos-400Regular.ttf"),
    include_bytes!("../fonts/Tinos-400Regular_Italic.ttf"),
    include_bytes!("../fonts/Tinos-700Bold.ttf"),
    include_bytes!("../fonts/Tinos-700Bold_Italic.ttf"),
];

/// Everything that stays the same from one paper to the next.
pub struct Engine {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    sources: HashMap<FileId, Source>,
    data_file: FileId,
    logo_file: FileId,
    picture_files: Vec<FileId>,
    drawable: data::Drawable,
}

impl Engine {
    /// Parses the templates and opens the fonts (about ten milliseconds; the font bytes stay in the binary).
    pub fn new() -> Engine {
        let fonts: Vec<Font> = FONTS.iter().filter_map(|bytes| Font::new(Bytes::new(*bytes), 0)).collect();
        let sources = SOURCES.iter().map(|(name, text)| {
            let id = file(name);
            (id, Source::new(id, (*text).to_owned()))
        });
        Engine {
            library: LazyHash::new(Library::builder().build()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            drawable: data::Drawable::of(&fonts),
            sources: sources.collect(),
            data_file: file("data.json"),
            logo_file: file("logo"),
            picture_files: (1..=data::MOST_SCANS).map(|at| file(&format!("picture-{at}"))).collect(),
            fonts,
        }
    }

    /// One paper as PDF/A-2b. Refuses an unknown name; any other failure is a fault in a template.
    pub fn print(&self, template: &str, value: serde_json::Value) -> Result<Vec<u8>, String> {
        if !TEMPLATES.contains(&template) {
            return Err(format!("there is no paper called {template:?}"));
        }
        let most = if template == "scan-pdf" { data::MOST_SCANS } else { data::MOST_PICTURES };
        let mut prepared = data::prepare(value, &self.drawable, most);
        let main = file(&format!("{template}.typ"));
        let mut pdf = self.set(main, &prepared);
        // A drawing that cannot be read must not keep a patient from the prescription: print without the logo.
        if pdf.is_err() && prepared.drop_logo() {
            pdf = self.set(main, &prepared);
        }
        // Typst remembers every piece it has laid out; papers hardly share pieces, so that memory is only ballast.
        typst::comemo::evict(0);
        pdf
    }

    fn set(&self, main: FileId, prepared: &Prepared) -> Result<Vec<u8>, String> {
        let text = prepared.fields.to_string();
        let options = PdfOptions {
            ident: Smart::Custom(text.clone()),
            creator: Smart::Custom(Some("Yba".into())),
            timestamp: timestamp(prepared.made_at),
            standards: PdfStandards::new(&[PdfStandard::A_2b]).map_err(|refusal| refusal.message().to_string())?,
            ..PdfOptions::default()
        };
        let desk = Desk {
            engine: self,
            main,
            data: Bytes::from_string(text),
            logo: prepared.logo.clone().map(Bytes::new),
            pictures: prepared.pictures.iter().cloned().map(Bytes::new).collect(),
        };
        let mut document: PagedDocument = typst::compile(&desk).output.map_err(|faults| told(&faults))?;
        let spots = spots(&document);
        document.info_mut().keywords.extend(spots);
        typst_pdf::pdf(&document, &options).map_err(|faults| told(&faults))
    }
}

/// The engine with one paper's data on the table.
struct Desk<'a> {
    engine: &'a Engine,
    main: FileId,
    data: Bytes,
    logo: Option<Bytes>,
    pictures: Vec<Bytes>,
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.engine.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.engine.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.engine.sources.get(&id).cloned().ok_or_else(|| absent(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = match id {
            id if id == self.engine.data_file => Some(&self.data),
            id if id == self.engine.logo_file => self.logo.as_ref(),
            id => self.engine.picture_files.iter().position(|known| *known == id).and_then(|at| self.pictures.get(at)),
        };
        found.cloned().ok_or_else(|| absent(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.engine.fonts.get(index).cloned()
    }

    /// No paper may look at the clock: its dates are data.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// Where the places to sign came to lie, as `spot:role:page:x:y:width:height` in points from the lower left corner. They
/// become keywords of the file, so that the one who signs later finds them in the very bytes that are signed.
fn spots(document: &PagedDocument) -> Vec<EcoString> {
    let introspector = document.introspector();
    let Some(label) = Label::new(PicoStr::intern("spot")) else { return Vec::new() };
    let places = introspector.elements().query(&Selector::Label(label));
    let told = places.iter().filter_map(|place| {
        let at = introspector.position(place.location()?)?;
        let Ok(Value::Dict(facts)) = place.field_by_name("value") else { return None };
        let text = |key: &str| facts.get(key).ok()?.clone().cast::<EcoString>().ok();
        let points = |key: &str| facts.get(key).ok()?.clone().cast::<f64>().ok();
        let (width, height) = (points("width")?, points("height")?);
        let page = document.pages().get(at.page.get() - 1)?.frame.height().to_pt();
        let bottom = page - at.point.y.to_pt() - height;
        Some(format!("spot:{}:{}:{:.1}:{:.1}:{:.1}:{:.1}", text("role")?, at.page, at.point.x.to_pt(), bottom, width, height).into())
    });
    told.collect()
}

fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("template names are plain file names");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// `None` only for years that a PDF cannot write, which then counts as a fault.
fn timestamp(at: DateTime<Utc>) -> Option<Timestamp> {
    let (day, time) = (at.date_naive(), at.time());
    let part = |number: u32| u8::try_from(number).ok();
    let instant = Datetime::from_ymd_hms(
        day.year(),
        part(day.month())?,
        part(day.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
    )?;
    Some(Timestamp::new_utc(instant))
}

fn absent(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

/// What went wrong, in Typst's words, for the log.
fn told(faults: &[SourceDiagnostic]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("{} {:?}", fault.message, fault.hints)).collect();
    lines.join("; ")
}
