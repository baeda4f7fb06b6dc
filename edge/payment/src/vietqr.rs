//! The VietQR text: who receives, how much exactly, and the words by which the transfer is recognised.
//!
//! Layout: EMVCo merchant-presented mode with the NAPAS fields (QR switching specification 1.5.2):
//! `00` version, `01` 12 = one payment only, `38` {`00` A000000727, `01` {`00` BIN, `01` account}, `02` QRIBFTTA},
//! `53` 704 = đồng, `54` amount, `58` VN, `62` {`08` reference}, `63` checksum.

use crate::banks;
use crate::crc::crc16;
use crate::tlv;
use base::ask::TransferRequest;

const NAPAS: &str = "A000000727";
/// Fast transfer to an account (a card would be QRIBFTTC).
const TO_ACCOUNT: &str = "QRIBFTTA";

/// Why a code cannot be made or must not be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownBank,
    Account,
    Amount,
    Reference,
    /// Not an EMVCo text at all, or a field is cut short.
    Shape,
    Checksum,
    /// An EMVCo text, but not a NAPAS transfer in đồng to an account.
    NotVietQr,
}

impl Refusal {
    /// The sentence for the person at the desk.
    pub fn text(&self) -> &'static str {
        match self {
            Refusal::UnknownBank => "Mã ngân hàng (BIN) không có trong danh sách NAPAS. Chọn lại ngân hàng.",
            Refusal::Account => "Số tài khoản gồm 4–19 chữ số hoặc chữ cái không dấu. Nhập lại số tài khoản.",
            Refusal::Amount => "Số tiền chuyển phải từ 1 đ đến 999.999.999.999 đ.",
            Refusal::Reference => "Nội dung chuyển khoản gồm 1–25 chữ hoa không dấu, số và dấu cách.",
            Refusal::Shape => "Không đọc được mã QR. Quét lại toàn bộ mã.",
            Refusal::Checksum => "Mã QR đọc sai ký tự (tổng kiểm tra không khớp). Quét lại.",
            Refusal::NotVietQr => "Mã này không phải VietQR chuyển khoản bằng đồng.",
        }
    }
}

/// The text of a code for one payment. Refuses an unknown bank, an amount outside 1 … 999,999,999,999 đ, an account
/// or reference with other characters than banks accept.
pub fn build(request: &TransferRequest) -> Result<String, Refusal> {
    if banks::by_bin(&request.bank_bin).is_none() {
        return Err(Refusal::UnknownBank);
    }
    check_fields(request)?;
    let mut receiver = String::new();
    tlv::put(&mut receiver, "00", &request.bank_bin);
    tlv::put(&mut receiver, "01", &request.account_no);
    let mut napas = String::new();
    tlv::put(&mut napas, "00", NAPAS);
    tlv::put(&mut napas, "01", &receiver);
    tlv::put(&mut napas, "02", TO_ACCOUNT);
    let mut extra = String::new();
    tlv::put(&mut extra, "08", &request.reference);

    let mut text = String::new();
    tlv::put(&mut text, "00", "01");
    tlv::put(&mut text, "01", "12");
    tlv::put(&mut text, "38", &napas);
    tlv::put(&mut text, "53", "704");
    tlv::put(&mut text, "54", &request.amount_vnd.to_string());
    tlv::put(&mut text, "58", "VN");
    tlv::put(&mut text, "62", &extra);
    text.push_str("6304");
    let crc = crc16(text.as_bytes());
    text.push_str(&format!("{crc:04X}"));
    Ok(text)
}

/// Reads a code as a banking app would: checksum first, then receiver, amount and reference.
/// Refuses static codes without an amount, because the clinic never shows one.
pub fn parse(text: &str) -> Result<TransferRequest, Refusal> {
    if !text.is_ascii() || text.len() < 8 {
        return Err(Refusal::Shape);
    }
    let (body, sum) = text.split_at(text.len() - 4);
    if !body.ends_with("6304") {
        return Err(Refusal::Shape);
    }
    // The specification asks for capitals; accepting both would let one changed character pass unseen.
    if sum != format!("{:04X}", crc16(body.as_bytes())) {
        return Err(Refusal::Checksum);
    }
    let fields = tlv::read(text).ok_or(Refusal::Shape)?;
    if fields.first() != Some(&("00", "01")) || fields.last().is_none_or(|(tag, _)| *tag != "63") {
        return Err(Refusal::Shape);
    }
    let napas = tlv::only(&fields, "38").and_then(tlv::read).ok_or(Refusal::NotVietQr)?;
    let receiver = tlv::only(&napas, "01").and_then(tlv::read).ok_or(Refusal::NotVietQr)?;
    let is_vietqr = tlv::only(&napas, "00") == Some(NAPAS)
        && tlv::only(&napas, "02") == Some(TO_ACCOUNT)
        && tlv::only(&fields, "53") == Some("704")
        && tlv::only(&fields, "58") == Some("VN");
    if !is_vietqr {
        return Err(Refusal::NotVietQr);
    }
    let extra = tlv::only(&fields, "62").and_then(tlv::read).ok_or(Refusal::Reference)?;
    let amount = tlv::only(&fields, "54").ok_or(Refusal::Amount)?;
    if amount.is_empty() || amount.len() > 13 || !amount.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::Amount);
    }
    let request = TransferRequest {
        bank_bin: tlv::only(&receiver, "00").unwrap_or_default().to_owned(),
        account_no: tlv::only(&receiver, "01").unwrap_or_default().to_owned(),
        amount_vnd: amount.parse().map_err(|_| Refusal::Amount)?,
        reference: tlv::only(&extra, "08").unwrap_or_default().to_owned(),
    };
    check_fields(&request)?;
    Ok(request)
}

fn check_fields(request: &TransferRequest) -> Result<(), Refusal> {
    let bin_ok = request.bank_bin.len() == 6 && request.bank_bin.bytes().all(|b| b.is_ascii_digit());
    let account_ok = (4..=19).contains(&request.account_no.len())
        && request.account_no.bytes().all(|b| b.is_ascii_alphanumeric());
    let reference_ok = (1..=25).contains(&request.reference.len())
        && !request.reference.starts_with(' ')
        && !request.reference.ends_with(' ')
        && request.reference.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    match () {
        _ if !bin_ok => Err(Refusal::UnknownBank),
        _ if !account_ok => Err(Refusal::Account),
        _ if !(1..=999_999_999_999).contains(&request.amount_vnd) => Err(Refusal::Amount),
        _ if !reference_ok => Err(Refusal::Reference),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn visit_47() -> TransferRequest {
        TransferRequest {
            bank_bin: "970415".into(),
            account_no: "113366668888".into(),
            amount_vnd: 65_540,
            reference: "YBA 261122 0047".into(),
        }
    }

    #[test]
    fn the_code_of_a_visit_reads_as_specified() {
        let text = build(&visit_47()).unwrap();
        assert_eq!(
            text,
            "00020101021238560010A0000007270126000697041501121133666688880208QRIBFTTA5303704540565540\
             5802VN62190815YBA 261122 00476304"
                .to_owned()
                + &text[text.len() - 4..]
        );
    }

    #[test]
    fn a_checksum_made_elsewhere_is_accepted() {
        // Bits of the NAPAS sample: 79,000 đ; its purpose holds small letters, which our own codes never use.
        let sample = "00020101021238560010A0000007270126000697041501121133666688880208QRIBFTTA530370454057\
                      90005802VN62220818Ung Ho Quy Vac Xin63043ACF";
        assert_eq!(crc16(&sample.as_bytes()[..sample.len() - 4]), 0x3ACF);
        assert_eq!(parse(sample), Err(Refusal::Reference));
    }

    #[test]
    fn impossible_requests_are_refused_by_name() {
        for (change, refusal) in [
            (Box::new(|r: &mut TransferRequest| r.bank_bin = "123456".into()) as Box<dyn Fn(&mut _)>, Refusal::UnknownBank),
            (Box::new(|r: &mut TransferRequest| r.account_no = "12 34".into()), Refusal::Account),
            (Box::new(|r: &mut TransferRequest| r.account_no = String::new()), Refusal::Account),
            (Box::new(|r: &mut TransferRequest| r.amount_vnd = 0), Refusal::Amount),
            (Box::new(|r: &mut TransferRequest| r.amount_vnd = -5), Refusal::Amount),
            (Box::new(|r: &mut TransferRequest| r.amount_vnd = i64::MAX), Refusal::Amount),
            (Box::new(|r: &mut TransferRequest| r.reference = "Khám bệnh".into()), Refusal::Reference),
            (Box::new(|r: &mut TransferRequest| r.reference = "A".repeat(26)), Refusal::Reference),
        ] {
            let mut request = visit_47();
            change(&mut request);
            assert_eq!(build(&request), Err(refusal), "{request:?}");
        }
    }

    fn any_request() -> impl Strategy<Value = TransferRequest> {
        (0..banks::all().len(), "[0-9A-Za-z]{4,19}", 1i64..=999_999_999_999, "[A-Z0-9]([A-Z0-9 ]{0,23}[A-Z0-9])?").prop_map(
            |(bank, account_no, amount_vnd, reference)| TransferRequest {
                bank_bin: banks::all()[bank].bin.to_owned(),
                account_no,
                amount_vnd,
                reference,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_built_reads_back(request in any_request()) {
            prop_assert_eq!(parse(&build(&request).unwrap()), Ok(request));
        }

        #[test]
        fn one_changed_character_is_always_noticed(request in any_request(), at in any::<prop::sample::Index>(), to in 0x20u8..0x7f) {
            let mut bytes = build(&request).unwrap().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(parse(std::str::from_utf8(&bytes).unwrap()).is_err());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,300}") {
            let _ = parse(&text);
        }

        #[test]
        fn a_right_checksum_over_nonsense_does_not_panic_either(body in "[0-9A-Z]{0,200}") {
            let body = format!("{body}6304");
            let text = format!("{body}{:04X}", crc16(body.as_bytes()));
            let _ = parse(&text);
        }
    }
}
