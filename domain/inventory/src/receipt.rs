//! What an invoice costs and what of it each lot carries. VAT is reckoned on the sum of each rate, as invoices do, and
//! then shared out; so is a discount on the whole. Nothing is lost or invented on the way: the lots together cost
//! exactly what the invoice asks.

use base::{Problem, Vnd};

/// The rates of the value-added tax on goods (Luật Thuế GTGT; 8 while the relief of the National Assembly lasts).
pub const VAT_RATES: [i32; 4] = [5, 8, 10, 0];

/// One line of an invoice in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Thousandths of the pack that is priced.
    pub packs_milli: i64,
    /// Price of one pack before VAT, in hundredths of a đồng.
    pub price_cents: i64,
    pub discount_vnd: i64,
    pub vat_percent: i32,
}

impl Figures {
    /// Price times quantity, rounded half up to the đồng.
    pub fn gross(&self) -> i64 {
        let exact = i128::from(self.packs_milli) * i128::from(self.price_cents);
        i64::try_from((exact + 50_000) / 100_000).unwrap_or(i64::MAX)
    }
    /// After the line's own discount, before VAT.
    pub fn net(&self) -> i64 {
        self.gross() - self.discount_vnd
    }
}

/// What an invoice comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sum of the lines after their discounts, before the discount on the whole and before VAT.
    pub net: Vnd,
    pub discount: Vnd,
    pub vat: Vnd,
    /// What is to be paid.
    pub total: Vnd,
    /// What each line costs with its shares, in the order of the lines; together exactly `total`.
    pub costs: Vec<Vnd>,
}

/// Reckons an invoice. Refuses a discount greater than the goods.
pub fn reckon(lines: &[Figures], discount: Vnd) -> Result<Totals, Problem> {
    let nets: Vec<i64> = lines.iter().map(Figures::net).collect();
    if nets.iter().any(|n| *n < 0) {
        return Err(Problem::at("discount", "Chiết khấu của một dòng lớn hơn tiền hàng của dòng đó."));
    }
    let net: i64 = nets.iter().sum();
    if discount.0 < 0 || discount.0 > net {
        return Err(Problem::at("discount_vnd", format!("Chiết khấu cả hóa đơn phải từ 0 đến {} đ (tiền hàng).", Vnd(net))));
    }
    let shares = share(discount.0, &nets);
    let mut costs: Vec<i64> = nets.iter().zip(&shares).map(|(n, s)| n - s).collect();
    let mut vat_sum = 0;
    for rate in VAT_RATES.into_iter().filter(|rate| *rate > 0) {
        let members: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].vat_percent == rate).collect();
        let bases: Vec<i64> = members.iter().map(|i| nets[*i] - shares[*i]).collect();
        let base: i128 = bases.iter().map(|b| i128::from(*b)).sum();
        let vat = i64::try_from((base * i128::from(rate) + 50) / 100).unwrap_or(i64::MAX);
        for (i, part) in members.iter().zip(share(vat, &bases)) {
            costs[*i] += part;
        }
        vat_sum += vat;
    }
    Ok(Totals {
        net: Vnd(net),
        discount,
        vat: Vnd(vat_sum),
        total: Vnd(net - discount.0 + vat_sum),
        costs: costs.into_iter().map(Vnd).collect(),
    })
}

/// Shares an amount out in proportion to the weights, whole đồng each, together exactly the amount: everybody gets the
/// whole part, and what is left goes one đồng each to the largest remainders.
pub fn share(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if sum == 0 {
        // Nothing to go by: the first one carries it.
        return weights.iter().enumerate().map(|(i, _)| if i == 0 { amount } else { 0 }).collect();
    }
    let exact = |w: i64| i128::from(amount) * i128::from(w);
    let mut parts: Vec<i64> = weights.iter().map(|w| (exact(*w) / sum) as i64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(exact(weights[*i]) % sum), *i));
    let left = amount - parts.iter().sum::<i64>();
    for i in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[i] += 1;
    }
    parts
}

/// Reads a price per pack: whole đồng with points, and up to two decimals after a comma. Gives hundredths of a đồng.
pub fn read_price(typed: &str) -> Result<i64, Problem> {
    let refuse = || Problem::at("price", "Nhập đơn giá bằng chữ số, ví dụ 85.000 hoặc 1.234,56.");
    let typed: String = typed.trim().trim_end_matches(['đ', 'Đ']).chars().filter(|c| !c.is_whitespace()).collect();
    let (whole, part) = match typed.split_once(',') {
        Some((whole, part)) => (whole.replace('.', ""), part),
        None => (typed.replace('.', ""), ""),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || part.len() > 2 || !digits(&whole) || !digits(part) {
        return Err(refuse());
    }
    let cents = format!("{part:0<2}").parse::<i64>().map_err(|_| refuse())?;
    Ok(whole.parse::<i64>().map_err(|_| refuse())? * 100 + cents)
}

/// `1.234,56` for 123456 hundredths; no decimals where there are none.
pub fn show_price(cents: i64) -> String {
    let whole = Vnd(cents / 100).digits();
    if cents % 100 == 0 { whole } else { format!("{whole},{:02}", cents % 100) }
}

/// Reads a line's discount: đồng, or a percentage of its gross amount such as `5%`.
pub fn read_discount(typed: &str, gross: i64) -> Result<i64, Problem> {
    let refuse = || Problem::at("discount", "Nhập chiết khấu theo đồng (12.000) hoặc phần trăm (5%), không quá tiền hàng.");
    let typed = typed.trim();
    let amount = match typed.strip_suffix('%') {
        _ if typed.is_empty() => 0,
        Some(percent) => {
            let hundredths = read_price(percent).ok().filter(|h| *h <= 10_000).ok_or_else(refuse)?;
            i64::try_from((i128::from(gross) * i128::from(hundredths) + 5_000) / 10_000).map_err(|_| refuse())?
        }
        None => Vnd::parse(typed).ok_or_else(refuse)?.0,
    };
    if (0..=gross).contains(&amount) { Ok(amount) } else { Err(refuse()) }
}

/// Reads a VAT rate: 0, 5, 8 or 10.
pub fn read_vat(typed: &str) -> Result<i32, Problem> {
    let bare = typed.trim().trim_end_matches('%').trim();
    let rate = if bare.is_empty() { Some(0) } else { bare.parse::<i32>().ok() };
    rate.filter(|r| VAT_RATES.contains(r)).ok_or_else(|| Problem::at("vat", "Thuế suất GTGT là 0, 5, 8 hoặc 10."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(packs: i64, price: i64, vat: i32) -> Figures {
        Figures { packs_milli: packs * 1000, price_cents: price * 100, discount_vnd: 0, vat_percent: vat }
    }

    #[test]
    fn vat_is_reckoned_on_the_sum_and_shared_without_loss() {
        // Each line alone would round 5 % of 33 to 2; the invoice asks 5 % of 99, which is 5.
        let totals = reckon(&[line(1, 33, 5), line(1, 33, 5), line(1, 33, 5)], Vnd(0)).unwrap();
        assert_eq!((totals.net, totals.vat, totals.total), (Vnd(99), Vnd(5), Vnd(104)));
        assert_eq!(totals.costs, [Vnd(35), Vnd(35), Vnd(34)]);
    }

    #[test]
    fn a_discount_on_the_whole_lowers_vat_too() {
        let totals = reckon(&[line(10, 85_000, 5), line(2, 100_000, 8)], Vnd(50_000)).unwrap();
        assert_eq!(totals.net, Vnd(1_050_000));
        // 850.000 − 40.476 = 809.524 at 5 %; 200.000 − 9.524 = 190.476 at 8 %.
        assert_eq!(totals.vat, Vnd(40_476 + 15_238));
        assert_eq!(totals.costs.iter().map(|c| c.0).sum::<i64>(), totals.total.0);
        assert!(reckon(&[line(1, 10, 0)], Vnd(11)).is_err());
    }

    #[test]
    fn prices_discounts_and_rates_are_read_as_typed() {
        assert_eq!(read_price("85.000"), Ok(8_500_000));
        assert_eq!(read_price("1.234,5 đ"), Ok(123_450));
        assert_eq!(show_price(123_450), "1.234,50");
        for bad in ["", "-5", "1,234,5", "abc", "1,234", "9999999999999", "1e5"] {
            assert!(read_price(bad).is_err(), "{bad}");
        }
        assert_eq!(read_discount("5%", 850_000), Ok(42_500));
        assert_eq!(read_discount("2,5 %", 1_000), Ok(25));
        assert_eq!(read_discount("", 10), Ok(0));
        for bad in ["101%", "11", "-1", "x"] {
            assert!(read_discount(bad, 10).is_err(), "{bad}");
        }
        assert_eq!((read_vat("5%"), read_vat(""), read_vat("8")), (Ok(5), Ok(0), Ok(8)));
        assert!(read_vat("7").is_err() && read_vat("-5").is_err());
    }

    proptest! {
        #[test]
        fn no_dong_is_lost(lines in prop::collection::vec((1i64..5_000_000, 0i64..900_000_000, 0usize..4, 0i64..100), 1..40), percent in 0i64..=100) {
            let lines: Vec<Figures> = lines.into_iter().map(|(packs_milli, price_cents, rate, off)| {
                let bare = Figures { packs_milli, price_cents, discount_vnd: 0, vat_percent: VAT_RATES[rate] };
                Figures { discount_vnd: bare.gross() * off / 100, ..bare }
            }).collect();
            let net: i64 = lines.iter().map(Figures::net).sum();
            let totals = reckon(&lines, Vnd(net / 100 * percent)).unwrap();
            prop_assert_eq!(totals.costs.iter().map(|c| c.0).sum::<i64>(), totals.total.0);
            prop_assert!(totals.costs.iter().all(|c| c.0 >= 0));
            prop_assert_eq!(totals.net - totals.discount + totals.vat, totals.total);
        }

        #[test]
        fn shares_add_up_and_stay_near_the_exact(amount in 0i64..1_000_000_000, weights in prop::collection::vec(0i64..1_000_000, 1..50)) {
            let parts = share(amount, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            let sum: i64 = weights.iter().sum();
            if sum > 0 {
                for (part, weight) in parts.iter().zip(&weights) {
                    let exact = i128::from(amount) * i128::from(*weight) / i128::from(sum);
                    prop_assert!((i128::from(*part) - exact).abs() <= 1);
                }
            }
        }
    }
}
