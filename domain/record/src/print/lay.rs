//! A form's sections as the blocks of its pages.

use super::arrange::{self, Arrangement, Placed, Side, Token};
use super::atoms::{self, Atom, Block, Line, Place};
use super::{ToPrint, head, line, value};
use crate::form::definition::{Field, FieldType, Form, Kind, Section, Spot};
use serde_json::Value;

/// About so many letters of the body size fit the width of the page.
const LETTERS: f32 = 104.0;

/// The blocks of a form, as the template reads them.
pub fn blocks(paper: &ToPrint<'_>) -> Value {
    atoms::json(&Layer { paper }.form())
}

/// The form being laid out.
pub struct Layer<'a> {
    pub paper: &'a ToPrint<'a>,
}

impl Layer<'_> {
    pub fn value(&self, id: &str) -> &Value {
        self.paper.values.get(id).unwrap_or(&Value::Null)
    }

    fn blank(&self) -> bool {
        self.paper.values.is_null()
    }

    fn form(&self) -> Vec<Block> {
        let form = self.paper.form;
        let mut out: Vec<Block> = Vec::new();
        let mut page = 1;
        let mut title_is_out = false;
        let mut at = 0;
        while let Some(section) = form.sections.get(at) {
            at += 1;
            let arranged = arrange::of(&section.id, &form.form);
            // A slip or part with a title of its own begins a page, where the form names none.
            let begins = form.kind == Kind::BenhAn && section.page == 0 && ["PHẦN I", "PHIẾU", "(Mẫu phiếu"].iter().any(|word| section.title.starts_with(word));
            if (section.page > page || begins) && !out.is_empty() {
                out.push(Block::Page);
                page = page.max(section.page);
            }
            if head::is_head(section) {
                out.push(head::block(self, section, !title_is_out));
                title_is_out = true;
                continue;
            }
            if !title_is_out {
                out.push(head::only_title(self));
                title_is_out = true;
            }
            if section.id.starts_with("sinh_ton") || section.title.contains("khung phải") {
                self.vitals(section, &mut out);
                self.sign_after(section, &mut out);
                continue;
            }
            // Two sections that share one frame, side by side.
            if let Some(arranged) = arranged.filter(|arranged| !arranged.beside.is_empty() && arranged.beside != section.id)
                && let Some(right) = form.sections.get(at).filter(|next| next.id == arranged.beside)
            {
                out.extend(self.twins(arranged, section, right));
                at += 1;
                self.sign_after(right, &mut out);
                continue;
            }
            let closing = form.sections.get(at).filter(|next| self.is_handover(next));
            let body = self.section(section, arranged);
            match arranged.filter(|arranged| arranged.whole) {
                Some(_) => {
                    let mut whole = body;
                    let heading = if matches!(whole.first(), Some(Block::Heading { .. })) { Some(whole.remove(0)) } else { None };
                    out.extend(heading);
                    if closing.is_none() {
                        self.sign_after(section, &mut whole);
                    }
                    out.push(Block::Frame { shares: vec![100.0], rows: vec![vec![whole]] });
                    if let Some(next) = closing {
                        drop_date(section, &mut out);
                        out.push(self.handover(next, section));
                        at += 1;
                    }
                }
                None if self.is_handover(section) => out.push(self.handover(section, section)),
                None => {
                    out.extend(body);
                    self.sign_after(section, &mut out);
                }
            }
        }
        // The places at the foot of a record stand in its table of papers.
        let mut last: Vec<Place> = self.places(|after| after.is_empty());
        if let Some((section, date)) = form.sections.last().and_then(|section| Some((section, date_field(section)?)))
            && let Some(place) = last.last_mut()
        {
            place.date = line::field(date, "", self.value(&date.id), false);
            drop_date(section, &mut out);
        }
        if !last.is_empty() && !out.iter().any(|block| matches!(block, Block::Handover { .. })) {
            out.push(Block::Sign { spots: last });
        }
        merge_frames(out)
    }

    /// The section with its title.
    fn section(&self, section: &Section, arranged: Option<&Arrangement>) -> Vec<Block> {
        let mut out = Vec::new();
        let mut title = self.title(section, arranged);
        let mut first = arranged.map(|arranged| arranged.first.clone()).unwrap_or_default();
        // "PHẦN II: BỆNH ÁN - A. Y HỌC HIỆN ĐẠI" is two lines on paper.
        if let Some((part, rest)) = title.split_once(" - ").filter(|(part, _)| part.starts_with("PHẦN") || part.starts_with("C. ")) {
            (first, title) = (part.to_owned(), rest.to_owned());
        }
        if !first.is_empty() {
            out.push(Block::Heading { text: first, right: String::new(), level: 1 });
        }
        let heads = arranged.map(|arranged| arranged.heads.as_slice()).unwrap_or_default();
        if let [left, right] = heads
            && !title.is_empty()
        {
            let shares = arranged.map(|arranged| arranged.shares.clone()).unwrap_or_default();
            let cells = vec![vec![Atom::bold(title), Atom::Push, Atom::words(left)], vec![Atom::Push, Atom::words(right)]];
            out.push(Block::Row { shares, cells });
        } else if !title.is_empty() {
            out.push(Block::Heading { level: level(&title), text: title, right: String::new() });
        }
        let columns = if section.columns == 2 { vec![50.0, 50.0] } else { Vec::new() };
        match arranged.filter(|arranged| !arranged.lines.is_empty()) {
            Some(arranged) => out.extend(self.arranged(arranged, section)),
            None => {
                let fields: Vec<&Field> = section.fields.iter().collect();
                if section.framed && columns.len() == 2 {
                    let (left, right) = fields.split_at(fields.len().div_ceil(2));
                    let rows = vec![vec![self.flow(left, section, 50.0, ""), self.flow(right, section, 50.0, "")]];
                    out.push(Block::Frame { shares: columns, rows });
                } else if section.framed {
                    out.push(Block::Frame { shares: vec![100.0], rows: vec![vec![self.flow(&fields, section, 97.0, "")]] });
                } else {
                    out.extend(self.flow(&fields, section, 100.0, ""));
                }
            }
        }
        out
    }

    /// The printed title of a section: its own where paper has one.
    fn title(&self, section: &Section, arranged: Option<&Arrangement>) -> String {
        if let Some(title) = arranged.and_then(|arranged| arranged.title.clone()) {
            return title;
        }
        printed_title(&section.title, section.fields.first().map(|field| field.label.as_str()).unwrap_or_default(), self.paper.form)
    }

    /// Lines in the order of the arrangement; a field that it does not name follows the field before it.
    fn arranged(&self, arranged: &Arrangement, section: &Section) -> Vec<Block> {
        let width = |side: Side| match (side, arranged.shares.as_slice()) {
            (Side::Left, [left, ..]) => *left,
            (Side::Right, [_, right]) => *right,
            _ => 100.0,
        };
        let named: Vec<&str> = arranged.lines.iter().flat_map(|placed| placed.cells.iter().flatten()).filter_map(named_field).collect();
        let mut rows: Vec<[Vec<Block>; 2]> = vec![[Vec::new(), Vec::new()]];
        let mut across: Vec<Block> = Vec::new();
        let mut strays = Strays::of(section, &named);
        for placed in &arranged.lines {
            let side = usize::from(placed.side == Side::Right);
            let mut put = Vec::new();
            match placed.side {
                Side::Rule => {
                    rows.push([Vec::new(), Vec::new()]);
                    continue;
                }
                Side::Across => {
                    put.extend(self.line(placed, section, &arranged.shares, 100.0));
                    put.extend(self.flow(&strays.after(placed), section, 100.0, ""));
                    across.extend(put);
                }
                Side::Left | Side::Right => {
                    put.extend(self.line(placed, section, &[], width(placed.side)));
                    put.extend(self.flow(&strays.after(placed), section, width(placed.side), ""));
                    if let Some(row) = rows.last_mut() {
                        row[side].extend(put);
                    }
                }
            }
        }
        let framed: Vec<Vec<Vec<Block>>> = rows.into_iter().filter(|[l, r]| !l.is_empty() || !r.is_empty()).map(|[l, r]| vec![l, r]).collect();
        let mut out = self.flow(&strays.rest(), section, 100.0, "");
        if !framed.is_empty() {
            out.push(Block::Frame { shares: arranged.shares.clone(), rows: framed });
        }
        out.extend(across);
        out
    }

    /// One arranged line: cells side by side, or a long one with its dotted lines.
    fn line(&self, placed: &Placed, section: &Section, shares: &[f32], width: f32) -> Vec<Block> {
        let known = |token: &Token| named_field(token).and_then(|id| section.fields.iter().find(|field| field.id == id));
        let mut out = Vec::new();
        let mut cells = Vec::new();
        for tokens in &placed.cells {
            let has_field = tokens.iter().any(|token| named_field(token).is_some());
            if has_field && !tokens.iter().any(|token| known(token).is_some_and(|field| !field.unprinted)) {
                continue;
            }
            let mut atoms: Line = Vec::new();
            for (i, token) in tokens.iter().enumerate() {
                match token {
                    Token::Words(text) => atoms.push(Atom::words(text)),
                    Token::Push => atoms.push(Atom::Push),
                    Token::Dots => atoms.push(Atom::Fill(String::new())),
                    Token::Stays(id) => {
                        if let Some(field) = section.fields.iter().find(|field| &field.id == id) {
                            out.extend(self.stays(field));
                        }
                    }
                    Token::Field { bare: true, .. } => {
                        atoms.extend(known(token).map(|field| line::answer(field, self.value(&field.id))).unwrap_or_default());
                    }
                    Token::Field { boxed: true, .. } => {
                        let Some(field) = known(token) else { continue };
                        atoms.extend(line::label_atoms(field, &line::label(field, ""), false));
                        atoms.push(ward(value::words(field, self.value(&field.id))));
                    }
                    Token::Field { lines, columns, .. } => {
                        let Some(field) = known(token).filter(|field| !field.unprinted) else { continue };
                        out.extend(self.long_or_atoms(field, section, *lines, *columns, tokens.get(i + 1).and_then(known), width, &mut atoms));
                    }
                }
            }
            if !atoms.is_empty() {
                cells.push(atoms);
            }
        }
        let whole = placed.cells.len() == cells.len();
        if !cells.is_empty() {
            let shares = if whole && cells.len() == 2 && shares.len() == 2 { shares.to_vec() } else { vec![100.0 / cells.len() as f32; cells.len()] };
            out.push(Block::Row { shares, cells });
        }
        out
    }

    /// Adds a field to the line, or gives it as blocks where it wants lines of its own.
    #[allow(clippy::too_many_arguments, reason = "one place decides how a field of an arranged line is drawn")]
    fn long_or_atoms(&self, field: &Field, section: &Section, lines: u32, columns: u32, next: Option<&Field>, width: f32, atoms: &mut Line) -> Vec<Block> {
        let mut out = Vec::new();
        let before = before(section, field);
        let said = line::label(field, before);
        let kept = self.value(&field.id);
        if !said.heading.is_empty() {
            out.push(heading_line(&said.heading, width));
        }
        if columns > 1 {
            out.push(Block::Row { shares: vec![100.0], cells: vec![line::label_atoms(field, &said, false)] });
            out.extend(in_columns(field, kept, columns as usize));
        } else if field.kind == FieldType::Table {
            out.extend(self.table(field, section));
        } else if field.kind == FieldType::Image {
            out.extend(self.drawing(field));
        } else if lines > 0 || field.kind == FieldType::Longtext {
            let squares = next.filter(|next| line::is_code(next)).map(|next| line::squares(next, self.value(&next.id)));
            // What already stands on the line goes before it.
            let mut head = std::mem::take(atoms);
            if !head.is_empty() {
                head.push(Atom::Gap(10.0));
            }
            head.extend(line::label_atoms(field, &said, is_bold(field, &said.text, width)));
            out.push(long(head, &value::words(field, kept), lines.max(1), width, squares.unwrap_or_default()));
        } else if line::is_code(field) {
            if !already_in(section, field, atoms) {
                if !atoms.iter().any(|atom| matches!(atom, Atom::Fill(_))) {
                    atoms.push(Atom::Push);
                }
                atoms.extend(line::squares(field, kept));
            }
        } else {
            if !atoms.is_empty() && !matches!(atoms.last(), Some(Atom::Push)) {
                atoms.push(Atom::Gap(4.0));
            }
            atoms.extend(line::field(field, before, kept, is_bold(field, &said.text, width)));
        }
        out
    }

    /// Fields in their own order: short ones share lines, long ones have the width.
    pub fn flow(&self, fields: &[&Field], section: &Section, width: f32, suffix: &str) -> Vec<Block> {
        let mut out = Vec::new();
        let mut atoms: Line = Vec::new();
        let mut weight = 0.0;
        let fields: Vec<&Field> = fields.iter().copied().filter(|field| !field.unprinted).collect();
        let mut at = 0;
        while let Some(&field) = fields.get(at) {
            self.texts_before(&field.id, section, &mut atoms, &mut out);
            if suffix.is_empty() && field.both_eyes {
                flush(&mut atoms, &mut out);
                let run = fields[at..].iter().take_while(|field| field.both_eyes).count();
                out.push(self.eyes(&fields[at..at + run], section));
                at += run;
                weight = 0.0;
                continue;
            }
            at += 1;
            if self.is_within_text(&field.id, section) {
                continue;
            }
            let before = before(section, field);
            let said = line::label(field, before);
            let kept = self.value(&format!("{}{suffix}", field.id));
            if !said.heading.is_empty() {
                flush(&mut atoms, &mut out);
                weight = 0.0;
                out.push(heading_line(&said.heading, width));
            }
            match field.kind {
                FieldType::Table => {
                    flush(&mut atoms, &mut out);
                    out.extend(self.table(field, section));
                    weight = 0.0;
                }
                FieldType::Image => {
                    flush(&mut atoms, &mut out);
                    out.extend(self.drawing(field));
                    weight = 0.0;
                }
                FieldType::Longtext => {
                    flush(&mut atoms, &mut out);
                    let head = line::label_atoms(field, &said, is_bold(field, &said.text, width));
                    out.push(long(head, &value::words(field, kept), dotted_lines(field, self.paper.form), width, Vec::new()));
                    weight = 0.0;
                }
                _ if line::is_code(field) && !atoms.is_empty() => {
                    atoms.extend(line::squares(field, kept));
                    weight += 12.0;
                }
                _ => {
                    let piece = line::field(field, before, kept, is_bold(field, &said.text, width));
                    let adds = weight_of(&piece);
                    if starts_line(&said.text) || weight + adds > LETTERS * width / 100.0 {
                        flush(&mut atoms, &mut out);
                        weight = 0.0;
                    } else if !atoms.is_empty() {
                        atoms.push(Atom::Gap(6.0));
                    }
                    atoms.extend(piece);
                    weight += adds;
                }
            }
        }
        flush(&mut atoms, &mut out);
        if suffix.is_empty() && fields.last().is_some_and(|last| Some(&last.id) == section.fields.iter().rfind(|field| !field.unprinted).map(|field| &field.id)) {
            self.texts_before("end", section, &mut atoms, &mut out);
        }
        out
    }

    /// The printed paragraphs that stand before a field.
    fn texts_before(&self, id: &str, section: &Section, atoms: &mut Line, out: &mut Vec<Block>) {
        for text in section.texts.iter().filter(|text| text.before == id && !head::is_motto(&text.text)) {
            flush(atoms, out);
            out.push(Block::Text { line: self.paragraph(&text.text, section), centre: false });
        }
    }

    fn is_within_text(&self, id: &str, section: &Section) -> bool {
        let place = format!("{{{id}}}");
        section.texts.iter().any(|text| text.text.contains(&place))
    }

    /// A printed paragraph with its places filled.
    fn paragraph(&self, text: &str, section: &Section) -> Line {
        let mut out = Vec::new();
        let mut rest = text;
        // A paragraph that begins with a place goes on from the label of that field.
        if let Some((id, _)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'))
            && let Some(field) = section.fields.iter().find(|field| field.id == id)
        {
            out.push(Atom::words(format!("{} ", line::label(field, "").text)));
        }
        while let Some((words, (id, after))) = rest.split_once('{').and_then(|(words, inner)| Some((words, inner.split_once('}')?))) {
            out.push(Atom::words(words));
            let field = self.paper.form.sections.iter().flat_map(|section| &section.fields).find(|field| field.id == id);
            let filled = match field {
                Some(field) => value::words(field, self.value(id)),
                None if id == "ten_co_so" && !self.blank() => head::text(&self.paper.head, "name"),
                None => value::plain(self.value(id)),
            };
            out.push(if filled.is_empty() { Atom::Slot(String::new(), 96.0) } else { Atom::bold(filled) });
            rest = after;
        }
        out.push(Atom::words(rest));
        out
    }

    /// One field twice, right and left, as the eye forms draw it.
    fn eyes(&self, fields: &[&Field], section: &Section) -> Block {
        let side = |suffix: &str| self.flow(fields, section, 48.0, suffix);
        let eye = |name: &str| vec![Block::Text { line: vec![Atom::bold(name)], centre: true }];
        Block::Frame { shares: vec![50.0, 50.0], rows: vec![vec![eye("Mắt phải"), eye("Mắt trái")], vec![side("_mp"), side("_mt")]] }
    }

    /// Transfers between wards: a box for the ward, the moment, squares for the days.
    fn stays(&self, field: &Field) -> Vec<Block> {
        let rows = self.value(&field.id).as_array().cloned().unwrap_or_default();
        let count = rows.len().max(3);
        let label = line::label(field, "").text;
        let cell = |row: usize, at: usize| rows.get(row).and_then(|row| row.get(&field.columns.get(at)?.id)).cloned().unwrap_or(Value::Null);
        let blocks = (0..count).map(|row| {
            let mut atoms = vec![if row == 0 { Atom::words(format!("{label}: ")) } else { Atom::Gap(70.0) }];
            atoms.push(ward(value::plain(&cell(row, 0))));
            atoms.extend(line::moment("…Giờ…phút…/…/……", value::Moment::of(&cell(row, 1)), false));
            let days = Field { boxes: Some(2), kind: FieldType::Integer, ..Field::default() };
            atoms.push(Atom::Push);
            atoms.extend(line::squares(&days, &cell(row, 2)));
            Block::Row { shares: vec![100.0], cells: vec![atoms] }
        });
        blocks.collect()
    }

    fn drawing(&self, field: &Field) -> Vec<Block> {
        let noted = value::plain(self.value(&field.id));
        let title = line::label(field, "").text;
        let mut out = vec![Block::Drawing { title, lines: if noted.is_empty() { dotted_lines(field, self.paper.form).max(6) } else { 3 } }];
        if !noted.is_empty() && !noted.starts_with("data:") && noted.len() < 4000 {
            out.push(Block::Text { line: vec![Atom::words(noted)], centre: false });
        }
        out
    }

    /// The small frame of vital signs at the right of what was written before.
    fn vitals(&self, section: &Section, out: &mut Vec<Block>) {
        let mut side: Vec<Line> = Vec::new();
        let fields: Vec<&Field> = section.fields.iter().filter(|field| !field.unprinted).collect();
        let mut at = 0;
        while let Some(&field) = fields.get(at) {
            at += 1;
            let kept = value::words(field, self.value(&field.id));
            let label = line::label(field, "").text;
            let unit = super::line::answer(field, &Value::Null).into_iter().find_map(|atom| if let Atom::Words { text, .. } = atom { Some(text) } else { None });
            let mut atoms = vec![Atom::slanted(format!("{label} "))];
            // Blood pressure is two fields and one line.
            match fields.get(at).filter(|next| next.id.contains("tam_truong")) {
                Some(lower) => {
                    let lower = value::words(lower, self.value(&lower.id));
                    atoms.extend([Atom::Push, Atom::Slot(kept, 20.0), Atom::words("/"), Atom::Slot(lower, 20.0)]);
                    at += 1;
                }
                None => atoms.push(Atom::Fill(kept)),
            }
            atoms.push(Atom::slanted(unit.unwrap_or_default()));
            side.push(atoms);
        }
        let start = out.iter().rposition(|block| !matches!(block, Block::Long { .. } | Block::Row { .. })).map_or(0, |at| at + 1);
        let height = |block: &Block| if let Block::Long { more, .. } = block { 1 + *more as usize } else { 1 };
        let mut main = out.split_off(start);
        // What reaches below the frame has the whole width again; a shorter text gets lines down to its foot.
        let mut reached = 0;
        let beside = main.iter().take_while(|block| {
            let fits = reached < side.len();
            reached += height(block);
            fits
        });
        let below = main.split_off(beside.count());
        let reached: usize = main.iter().map(height).sum();
        if let Some(Block::Long { more, .. }) = main.last_mut() {
            *more += side.len().saturating_sub(reached) as u32;
        }
        out.push(Block::Beside { main, side });
        out.extend(below);
    }

    /// Two sections in one frame: the left and the right half of a diagnosis by two schools.
    fn twins(&self, arranged: &Arrangement, left: &Section, right: &Section) -> Vec<Block> {
        let half = |section: &Section| {
            let fields: Vec<&Field> = section.fields.iter().collect();
            self.flow(&fields, section, 50.0, "")
        };
        let name = |section: &Section| {
            let title = section.title.rsplit(" – ").find(|part| part.starts_with("CHẨN")).unwrap_or(&section.title).to_owned();
            vec![Block::Row { shares: vec![100.0], cells: vec![vec![Atom::bold(title), Atom::Push, Atom::bold("MÃ")]] }]
        };
        vec![
            Block::Heading { text: "III. CHẨN ĐOÁN".into(), right: String::new(), level: 2 },
            Block::Frame { shares: arranged.shares.clone(), rows: vec![vec![name(left), name(right)], vec![half(left), half(right)]] },
        ]
    }

    /// The table at the foot of a record: what it holds, who hands it over, who takes it, who treated.
    fn is_handover(&self, section: &Section) -> bool {
        section.fields.iter().any(|field| field.id == "hs_xquang")
    }

    fn handover(&self, section: &Section, summary: &Section) -> Block {
        let count = |field: &Field| value::words(field, self.value(&field.id));
        let sheets = section.fields.iter().filter(|field| field.kind == FieldType::Integer && field.id.starts_with("hs_"));
        let rows = sheets.map(|field| {
            let label = if field.id == "hs_khac" { format!("- Khác {}", value::plain(self.value("hs_khac_ten"))) } else { field.label.clone() };
            (label, count(field))
        });
        let mut spots = self.places(|after| after == section.id || after == summary.id || after.is_empty());
        if let Some(date) = date_field(summary)
            && let Some(last) = spots.last_mut()
        {
            last.date = line::field(date, "", self.value(&date.id), false);
        }
        for spot in spots.iter_mut().filter(|spot| spot.name.is_empty()) {
            spot.name = value::plain(self.value(&spot.role));
        }
        Block::Handover { rows: rows.collect(), spots }
    }

    fn sign_after(&self, section: &Section, out: &mut Vec<Block>) {
        let mut spots = self.places(|after| after == section.id);
        if spots.is_empty() {
            return;
        }
        // The day printed above the name belongs to the last place.
        if let Some(date) = date_field(section)
            && let Some(last) = spots.last_mut()
        {
            last.date = line::field(date, "", self.value(&date.id), false);
            drop_date(section, out);
        }
        out.push(Block::Sign { spots });
    }

    /// The section that a place to sign follows. Where the form does not say, the role does: a director and a head of
    /// ward sign the cover, the second three of an eye record its first summary.
    fn after<'b>(&'b self, spot: &'b Spot) -> &'b str {
        let sections = &self.paper.form.sections;
        if !spot.after.is_empty() || self.paper.form.kind != Kind::BenhAn {
            return &spot.after;
        }
        let first = |prefix: &str| sections.iter().find(|section| section.id.starts_with(prefix)).map_or("", |section| section.id.as_str());
        match spot.role.as_str() {
            "giam_doc" | "truong_khoa" | "thay_thuoc_bia" | "bac_si_kham_benh" => {
                let end = sections.iter().position(|section| section.page > 1 || section.id.starts_with("tong_ket")).unwrap_or(sections.len());
                sections[..end].last().map_or("", |section| section.id.as_str())
            }
            "phau_thuat_vien" => first("pt_"),
            "thay_thuoc_tong_ket" if !sections.iter().any(|section| self.is_handover(section)) => first("tong_ket"),
            role if role.ends_with("_2") => first("tk_"),
            _ => "",
        }
    }

    /// The places to sign that belong here, with who signed them.
    fn places(&self, belongs: impl Fn(&str) -> bool) -> Vec<Place> {
        let form = self.paper.form;
        let mut out: Vec<Place> = Vec::new();
        for spot in form.signatures.iter().filter(|spot| belongs(self.after(spot))) {
            let picture = self.paper.signed.iter().position(|signed| signed.role == spot.role);
            // "Thủ trưởng (ký, đóng dấu)": how to sign stands under who signs.
            let (label, sub) = match spot.label.split_once(" (").filter(|_| spot.sub.is_empty() && spot.label.ends_with(')')) {
                Some((who, how)) => (who, format!("({how}")),
                None => (spot.label.as_str(), spot.sub.clone()),
            };
            out.push(Place {
                role: spot.role.clone(),
                label: label.to_owned(),
                sub,
                signed: picture.map(|at| self.paper.signed[at].clone()),
                picture: picture.filter(|at| !self.paper.signed[*at].jpeg.is_empty()).map_or(0, |at| at + 1),
                ..Place::default()
            });
        }
        if let Some(last) = out.last_mut() {
            let at = self.paper.made_at.filter(|_| !self.blank()).map(|at| serde_json::json!(at)).unwrap_or_default();
            last.date = line::moment("Ngày …… tháng …… năm ………", value::Moment::of(&at), true);
        }
        out
    }

    fn table(&self, field: &Field, section: &Section) -> Vec<Block> {
        let mut out = Vec::new();
        let label = line::label(field, "").text;
        if !label.is_empty() && !label.starts_with("Bảng") && !section.title.contains(&label) && section.fields.iter().filter(|other| !other.unprinted).count() > 1 {
            out.push(Block::Text { line: vec![Atom::words(format!("{label}:"))], centre: false });
        }
        out.push(super::table::block(field, self.value(&field.id), self.paper.form));
        out
    }
}

/// Fields that no arranged line names, to be put after the field they follow in the form.
struct Strays<'a> {
    left: Vec<(Option<&'a str>, &'a Field)>,
}

impl<'a> Strays<'a> {
    fn of(section: &'a Section, named: &[&str]) -> Strays<'a> {
        let mut before = None;
        let mut left = Vec::new();
        for field in section.fields.iter().filter(|field| !field.unprinted) {
            if named.contains(&field.id.as_str()) {
                before = Some(field.id.as_str());
            } else {
                left.push((before, field));
            }
        }
        Strays { left }
    }

    /// Those that follow a field of this line.
    fn after(&mut self, placed: &Placed) -> Vec<&'a Field> {
        let line: Vec<&str> = placed.cells.iter().flatten().filter_map(named_field).collect();
        self.take(|before| before.is_some_and(|id| line.contains(&id)))
    }

    /// Those before the first line, and whatever was left.
    fn rest(&mut self) -> Vec<&'a Field> {
        self.take(|_| true)
    }

    fn take(&mut self, wanted: impl Fn(Option<&str>) -> bool) -> Vec<&'a Field> {
        let (taken, left) = std::mem::take(&mut self.left).into_iter().partition(|(before, _)| wanted(*before));
        self.left = left;
        let taken: Vec<(Option<&str>, &Field)> = taken;
        taken.into_iter().map(|(_, field)| field).collect()
    }
}

fn named_field(token: &Token) -> Option<&str> {
    match token {
        Token::Field { id, .. } | Token::Stays(id) => Some(id),
        _ => None,
    }
}

/// The box of a ward: wide enough for its name.
fn ward(name: String) -> Atom {
    let width = (name.chars().count() as f32 * 5.4 + 6.0).max(46.0);
    Atom::Cells(vec![(name, width)])
}

/// The label of the field before this one.
fn before<'a>(section: &'a Section, field: &Field) -> &'a str {
    let at = section.fields.iter().position(|other| other.id == field.id).unwrap_or_default();
    section.fields[..at].iter().rev().find(|other| !other.label.contains(" – ")).map_or("", |other| other.label.as_str())
}

/// A code stands at the end of the long field before it, where it was drawn with it.
fn already_in(section: &Section, field: &Field, atoms: &Line) -> bool {
    let at = section.fields.iter().position(|other| other.id == field.id).unwrap_or_default();
    atoms.is_empty() && at > 0
}

/// "Ngày … tháng … năm …" at the end of a section.
fn date_field(section: &Section) -> Option<&Field> {
    let last = section.fields.iter().rfind(|field| !field.unprinted)?;
    (matches!(last.kind, FieldType::Date | FieldType::Datetime) && last.label.contains('…')).then_some(last)
}

/// Takes that day away where it was laid out as a line: it is printed above the signature.
fn drop_date(section: &Section, out: &mut Vec<Block>) {
    if date_field(section).is_none() {
        return;
    }
    match out.last_mut() {
        Some(Block::Row { .. }) => {
            out.pop();
        }
        Some(Block::Frame { rows, .. }) if rows.len() == 1 => {
            if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()).filter(|cell| matches!(cell.last(), Some(Block::Row { .. }))) {
                cell.pop();
            }
        }
        _ => {}
    }
}

fn flush(atoms: &mut Line, out: &mut Vec<Block>) {
    if !atoms.is_empty() {
        out.push(Block::Row { shares: vec![100.0], cells: vec![std::mem::take(atoms)] });
    }
}

fn heading_line(text: &str, width: f32) -> Block {
    let atom = if width > 80.0 { Atom::bold(text) } else { Atom::words(text) };
    Block::Row { shares: vec![100.0], cells: vec![vec![atom]] }
}

/// A text with its dotted lines: as many as are printed, less what the text itself takes.
fn long(head: Line, text: &str, lines: u32, width: f32, tail: Line) -> Block {
    let room = LETTERS * width / 100.0;
    let label = weight_of(&head);
    let mut taken = 0u32;
    for (i, part) in text.split('\n').enumerate() {
        let letters = part.chars().count() as f32 + if i == 0 { label } else { 0.0 };
        taken += (letters / room).ceil().max(1.0) as u32;
    }
    Block::Long { line: head, value: text.to_owned(), more: lines.saturating_sub(taken), tail }
}

/// Options in columns, filled downwards, a square behind each.
fn in_columns(field: &Field, kept: &Value, columns: usize) -> Vec<Block> {
    let down = field.options.len().div_ceil(columns);
    let rows = (0..down).map(|row| {
        let cells = (0..columns).map(|column| match field.options.get(column * down + row) {
            Some(option) => vec![line::choice(option, kept)],
            None => Vec::new(),
        });
        Block::Row { shares: vec![100.0 / columns as f32; columns], cells: cells.collect() }
    });
    rows.collect()
}

/// How many dotted lines a long answer has: the printed hint knows ("19 dòng chấm"), otherwise a few.
fn dotted_lines(field: &Field, form: &Form) -> u32 {
    let hint = field.printed_as.as_deref().or(field.hint.as_deref()).unwrap_or_default();
    let told = hint.split(" dòng").next().and_then(|words| words.rsplit([' ', '(']).next()?.parse::<u32>().ok()).filter(|_| hint.contains(" dòng"));
    told.filter(|lines| (1..=40).contains(lines)).unwrap_or(if form.kind == Kind::BenhAn { 3 } else { 2 })
}

/// Letters that a line takes, more or less.
fn weight_of(line: &Line) -> f32 {
    let one = |atom: &Atom| match atom {
        Atom::Words { text, .. } => text.chars().count() as f32,
        Atom::Fill(text) => (text.chars().count() as f32).max(22.0),
        Atom::Slot(text, width) => (text.chars().count() as f32).max(width / 5.2),
        Atom::Cells(cells) => cells.iter().map(|(_, width)| width / 5.2).sum(),
        Atom::Choice { text, .. } => text.chars().count() as f32 + 3.5,
        Atom::Gap(width) => width / 5.2,
        Atom::Push => 0.0,
    };
    line.iter().map(one).sum()
}

/// Whether an item opens a line of its own on paper: "+ …", "- …", "3. …", "IV. …", "a. …".
fn starts_line(text: &str) -> bool {
    let first = text.split([' ', '.', ')', '-', '/']).next().unwrap_or_default();
    text.starts_with(['+', '-', '*', '.']) || (numbered(text) && first.len() <= 4)
}

/// "3. …", "4.1 …", "IV. …", "a. …", "B. …".
fn numbered(text: &str) -> bool {
    let Some(at) = text.find(['.', ')', '-']) else { return false };
    let mark = text[..at].trim();
    !mark.is_empty()
        && mark.len() <= 4
        && (mark.bytes().all(|byte| byte.is_ascii_digit()) || mark.bytes().all(|byte| b"IVX".contains(&byte)) || (mark.len() == 1 && mark.is_ascii()))
}

/// Numbered headings of long answers are bold on paper, and everything with a Roman number; nothing in the frames of a cover.
fn is_bold(field: &Field, text: &str, width: f32) -> bool {
    let roman = text.starts_with(['I', 'V', 'X']) && numbered(text);
    width > 80.0 && (roman || (field.kind == FieldType::Longtext && numbered(text)))
}

fn level(title: &str) -> u8 {
    if title.starts_with("PHẦN") || title.starts_with("PHIẾU") || (title.len() > 2 && title.starts_with(['A', 'B', 'C']) && numbered(title)) {
        1
    } else if title.starts_with(['I', 'V', 'X']) {
        2
    } else {
        3
    }
}

/// A section's title as printed; empty where it is only a name for the software.
fn printed_title(title: &str, first_label: &str, form: &Form) -> String {
    let title = title.strip_prefix('(').and_then(|rest| rest.split_once(") ")).map_or(title, |(_, rest)| rest);
    let title = title.split(" (").next().unwrap_or_default().trim();
    let same = |other: &str| other.to_lowercase().starts_with(&title.to_lowercase());
    let only_numbers = title.chars().all(|c| "IVX–0123456789 .-".contains(c));
    let capitals = title.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    if title.is_empty() || only_numbers || same(first_label) || same(&form.title) || !(numbered(title) || capitals) {
        return String::new();
    }
    title.replace(" – ", " - ")
}

/// Frames of the same shape that follow each other are one frame; "Mắt phải | Mắt trái" stands once.
fn merge_frames(blocks: Vec<Block>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for block in blocks {
        match (out.as_mut_slice(), block) {
            ([.., Block::Frame { shares, rows }, Block::Heading { text, .. }], Block::Frame { shares: next, rows: more })
                if *shares == next && is_eyes(rows) && is_eyes(&more) =>
            {
                let title = text.clone();
                let mut more: Vec<Vec<Vec<Block>>> = more.into_iter().skip(1).collect();
                for cell in more.iter_mut().flatten().take(2) {
                    cell.insert(0, Block::Row { shares: vec![100.0], cells: vec![vec![Atom::bold(title.clone())]] });
                }
                rows.extend(more);
                out.pop();
            }
            ([.., Block::Frame { shares, rows }], Block::Frame { shares: next, rows: more }) if *shares == next && is_eyes(rows) && is_eyes(&more) => {
                rows.extend(more.into_iter().skip(1));
            }
            (_, block) => out.push(block),
        }
    }
    out
}

fn is_eyes(rows: &[Vec<Vec<Block>>]) -> bool {
    let named = |block: &Block| matches!(block, Block::Text { line, .. } if line == &[Atom::bold("Mắt phải")]);
    rows.first().and_then(|row| row.first()).and_then(|cell| cell.first()).is_some_and(named)
}
