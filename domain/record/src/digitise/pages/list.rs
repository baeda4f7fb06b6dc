//! All files from the scanner, those that need somebody first.

use crate::digitise::store::{self, BatchLine};
use crate::digitise::{intake, read, reader};
use askama::Template;
use base::Problems;
use uuid::Uuid;
use web::{Answer, Ctx, Shell};

const SHOWN: i64 = 60;

#[derive(Template)]
#[template(path = "digitise-list.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<BatchLine>,
    problems: Problems,
    /// A fresh id, so that the second click is the same file.
    minted: Uuid,
    may_scan: bool,
    can_read: bool,
    most_mb: usize,
    most_pages: usize,
}

impl ListPage {
    fn state(&self, line: &BatchLine) -> (&'static str, &'static str, &'static str) {
        match line.batch.status.as_str() {
            "waiting" => ("waiting", "clock-hour-4", "Chờ đọc"),
            "reading" => ("waiting", "loader", "Đang đọc"),
            "failed" => ("critical", "alert-octagon", "Không đọc được"),
            _ if line.returned > 0 => ("warning", "arrow-back-up", "Phải quét lại"),
            _ if line.to_check > 0 => ("info", "eye", "Chờ kiểm tra"),
            _ if line.papers == 0 => ("neutral", "file-off", "Không có giấy"),
            _ => ("done", "circle-check", "Đã vào hồ sơ"),
        }
    }
    fn at(&self, line: &BatchLine) -> String {
        super::batch::moment(line.batch.scanned_at)
    }
    fn to_check(&self) -> i64 {
        self.lines.iter().map(|line| line.to_check).sum()
    }
}

/// `GET /app/digitise`: what was scanned, and where a new file is given.
pub async fn show(ctx: Ctx) -> Answer {
    page(&ctx, Problems::none()).await
}

/// The list with what was wrong with the file that was just given.
pub async fn page(ctx: &Ctx, problems: Problems) -> Answer {
    let mut tx = ctx.begin().await?;
    // A reader that was lost with its server is followed by this one.
    if store::has_waiting(&mut tx).await? {
        read::begin(ctx.app.clone(), ctx.facility());
    }
    let lines = store::list_batches(&mut tx, SHOWN).await?;
    let refused = !problems.is_empty();
    let page = ListPage {
        shell: ctx.shell("Số hóa hồ sơ giấy", &[("F8", "Gửi và đọc"), ("T", "Tờ ngăn")]),
        lines,
        problems,
        minted: Uuid::now_v7(),
        may_scan: ctx.may("digitise.scan"),
        can_read: reader::is_there(),
        most_mb: intake::MOST_BYTES / 1024 / 1024,
        most_pages: intake::MOST_PAGES,
    };
    if refused { web::refused(page) } else { web::html(page) }
}
