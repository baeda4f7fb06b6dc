//! The invoice as the tax authority reads it: `HDon/DLHDon` with `TTChung` (what it is), `NDHDon` (who and what), the
//! element names of QĐ 1450/QĐ-TCT and its successors. Amounts are whole đồng; `TChat` 1 is goods or services.

use anyhow::{Context, Result};
use billing::einvoice::{Kind, Line};
use billing::store::einvoices::{Einvoice, Seller};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::collections::BTreeMap;

/// Version of the layout.
const VERSION: &str = "2.1.0";

type Sink = Writer<Vec<u8>>;

/// Writes the invoice. `about` is the invoice that it adjusts or replaces; only the invoice's number is told of it.
pub fn write(seller: &Seller, invoice: &Einvoice, lines: &[Line], about: Option<&Einvoice>) -> Result<String> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    out.create_element("HDon").write_inner_content(|out| {
        out.create_element("DLHDon").with_attribute(("Id", invoice.einvoice_id.simple().to_string().as_str())).write_inner_content(|out| {
            general(out, invoice, about)?;
            out.create_element("NDHDon").write_inner_content(|out| {
                parties(out, seller, invoice)?;
                items(out, lines)?;
                sums(out, invoice, lines)
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    String::from_utf8(out.into_inner()).context("the invoice is text")
}

/// One element with text in it; an empty text leaves the element out.
fn say(out: &mut Sink, name: &str, text: &str) -> std::io::Result<()> {
    if !text.is_empty() {
        out.create_element(name).write_text_content(BytesText::new(text))?;
    }
    Ok(())
}

fn general(out: &mut Sink, invoice: &Einvoice, about: Option<&Einvoice>) -> std::io::Result<()> {
    out.create_element("TTChung").write_inner_content(|out| {
        say(out, "PBan", VERSION)?;
        say(out, "THDon", "Hóa đơn giá trị gia tăng khởi tạo từ máy tính tiền")?;
        say(out, "KHMSHDon", "1")?;
        say(out, "NLap", &invoice.day.to_string())?;
        say(out, "DVTTe", "VND")?;
        say(out, "TGia", "1")?;
        let Some(about) = about else { return Ok(()) };
        out.create_element("TTHDLQuan").write_inner_content(|out| {
            // 1: takes the place of the invoice named below; 2: adjusts it.
            say(out, "TCHDon", if invoice.kind() == Kind::Replace { "1" } else { "2" })?;
            say(out, "KHHDCLQuan", &about.serial)?;
            say(out, "SHDCLQuan", &about.number.unwrap_or_default().to_string())?;
            say(out, "NLHDCLQuan", &about.day.to_string())?;
            say(out, "GChu", &invoice.reason)
        })?;
        Ok(())
    })?;
    Ok(())
}

fn parties(out: &mut Sink, seller: &Seller, invoice: &Einvoice) -> std::io::Result<()> {
    out.create_element("NBan").write_inner_content(|out| {
        say(out, "Ten", &seller.name)?;
        say(out, "MST", &seller.tax_code)?;
        say(out, "DChi", &seller.address)?;
        say(out, "SDThoai", &seller.phone)?;
        say(out, "STKNHang", &seller.bank_account)
    })?;
    let buyer = &invoice.buyer;
    out.create_element("NMua").write_inner_content(|out| {
        say(out, "Ten", &buyer.company)?;
        say(out, "MST", &buyer.tax_code)?;
        say(out, "DChi", &buyer.address)?;
        say(out, "DCTDTu", &buyer.email)?;
        say(out, "HVTNMHang", &buyer.name)
    })?;
    Ok(())
}

fn items(out: &mut Sink, lines: &[Line]) -> std::io::Result<()> {
    out.create_element("DSHHDVu").write_inner_content(|out| {
        for line in lines {
            out.create_element("HHDVu").write_inner_content(|out| {
                say(out, "TChat", "1")?;
                say(out, "STT", &line.place.to_string())?;
                say(out, "THHDVu", &line.name)?;
                say(out, "DVTinh", &line.unit)?;
                say(out, "SLuong", &milli(line.quantity_milli))?;
                say(out, "ThTien", &line.net().0.to_string())?;
                say(out, "TSuat", &line.treatment)
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

fn sums(out: &mut Sink, invoice: &Einvoice, lines: &[Line]) -> std::io::Result<()> {
    let mut by_rate: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for line in lines {
        let sum = by_rate.entry(&line.treatment).or_default();
        sum.0 += line.net().0;
        sum.1 += line.vat_vnd;
    }
    out.create_element("TToan").write_inner_content(|out| {
        out.create_element("THTTLTSuat").write_inner_content(|out| {
            for (treatment, (net, vat)) in &by_rate {
                out.create_element("LTSuat").write_inner_content(|out| {
                    say(out, "TSuat", treatment)?;
                    say(out, "ThTien", &net.to_string())?;
                    say(out, "TThue", &vat.to_string())
                })?;
            }
            Ok(())
        })?;
        say(out, "TgTCThue", &(invoice.total_vnd - invoice.vat_vnd).to_string())?;
        say(out, "TgTThue", &invoice.vat_vnd.to_string())?;
        say(out, "TgTTTBSo", &invoice.total_vnd.to_string())?;
        let words = base::Vnd(invoice.total_vnd.abs()).in_words();
        say(out, "TgTTTBChu", &if invoice.total_vnd < 0 { format!("Giảm {}", words.to_lowercase()) } else { words })
    })?;
    Ok(())
}

/// Thousandths with a point, as numbers stand in XML: `14`, `2.5`.
fn milli(quantity: i64) -> String {
    let (whole, part) = (quantity.abs() / 1000, quantity.abs() % 1000);
    let sign = if quantity < 0 { "-" } else { "" };
    if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{}", format!("{part:03}").trim_end_matches('0')) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing::einvoice::Buyer;
    use uuid::Uuid;

    fn line(place: i32, name: &str, amount_vnd: i64, treatment: &str, vat_vnd: i64) -> Line {
        Line {
            place,
            charge_id: Some(Uuid::from_u128(7)),
            group_key: "drug".into(),
            name: name.into(),
            unit: "viên".into(),
            quantity_milli: 14_000,
            amount_vnd,
            treatment: treatment.into(),
            rate_permille: 50,
            vat_vnd,
        }
    }

    fn invoice(kind: &str) -> Einvoice {
        let at = chrono::DateTime::from_timestamp(1_795_489_200, 0).unwrap();
        Einvoice {
            einvoice_id: Uuid::from_u128(1),
            kind: kind.into(),
            about_id: None,
            basis: "receipt".into(),
            bill_id: None,
            day: at.date_naive(),
            status: "sending".into(),
            buyer: Buyer { name: "Võ Thị <Út> & con".into(), ..Buyer::default() },
            reason: "Sai tên đơn vị".into(),
            vat_vnd: 5_000,
            total_vnd: 255_000,
            attempts: 1,
            next_try_at: None,
            last_error: String::new(),
            serial: "C26MGL".into(),
            number: Some(12),
            lookup_code: String::new(),
            authority_code: String::new(),
            issued_at: None,
            made_at: at,
            by_name: "Vân".into(),
        }
    }

    fn seller() -> Seller {
        Seller { name: "Phòng khám đa khoa An Tâm".into(), tax_code: "1500123456".into(), address: "Long Châu".into(), phone: String::new(), bank_account: String::new() }
    }

    #[test]
    fn sums_by_rate_are_the_sums_of_the_lines() {
        let lines = [line(1, "Khám Nội", 150_000, "KCT", 0), line(2, "Amoxicilin 500 mg", 105_000, "5%", 5_000)];
        let text = write(&seller(), &invoice("original"), &lines, None).unwrap();
        for piece in ["<TSuat>KCT</TSuat>", "<ThTien>100000</ThTien>", "<TThue>5000</TThue>", "<TgTCThue>250000</TgTCThue>", "<TgTTTBSo>255000</TgTTTBSo>", "<SLuong>14</SLuong>", "Võ Thị &lt;Út&gt; &amp; con"] {
            assert!(text.contains(piece), "{piece} in {text}");
        }
        assert!(!text.contains("TTHDLQuan") && !text.contains("<MST></MST>") && !text.contains("SDThoai"), "{text}");
    }

    #[test]
    fn a_correction_names_the_invoice_it_is_about() {
        for (kind, how) in [("replace", "<TCHDon>1</TCHDon>"), ("adjust", "<TCHDon>2</TCHDon>")] {
            let text = write(&seller(), &invoice(kind), &[], Some(&invoice("original"))).unwrap();
            assert!(text.contains(how) && text.contains("<SHDCLQuan>12</SHDCLQuan>") && text.contains("<GChu>Sai tên đơn vị</GChu>"), "{text}");
        }
    }

    #[test]
    fn quantities_stand_with_a_point() {
        for (quantity, text) in [(14_000, "14"), (2_500, "2.5"), (-1_000, "-1"), (-250, "-0.25"), (0, "0")] {
            assert_eq!(milli(quantity), text);
        }
    }
}
