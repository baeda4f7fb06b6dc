//! Where the invented people live: most in Vĩnh Long, some in the provinces around, a few anywhere.

use super::chance::Chance;
use super::names::rows;
use anyhow::{Context, Result};
use codes::CatalogueFiles;
use std::collections::HashMap;

/// Vĩnh Long since 01/07/2025, together with the former Bến Tre and Trà Vinh.
const HOME: &str = "86";
/// Cần Thơ, Đồng Tháp, Hồ Chí Minh City.
const NEAR: [&str; 3] = ["92", "82", "79"];

const HAMLETS: [&str; 24] = [
    "Phú Hòa", "Tân Bình", "Phước Lợi", "Hòa Thuận", "An Thạnh", "Long Hưng", "Mỹ Phú", "Thanh Sơn", "Bình Lương",
    "Tân Lập", "Phú Long", "Hưng Thạnh", "Thạnh An", "Đông Hậu", "Mỹ Lợi", "An Hiệp", "Phước Trinh", "Tân Quới",
    "Vĩnh Hòa", "Trung Trạch", "Cái Sơn", "Rạch Vồn", "Giồng Tranh", "Ông Me",
];
const STREETS: [&str; 20] = [
    "Nguyễn Huệ", "Trần Phú", "Lê Thái Tổ", "Phạm Hùng", "Hùng Vương", "Nguyễn Thị Minh Khai", "Võ Văn Kiệt",
    "Trưng Nữ Vương", "Hoàng Thái Hiếu", "Lý Thường Kiệt", "Phó Cơ Điều", "Mậu Thân", "Nguyễn Trãi", "Đồng Khởi",
    "Nguyễn Đáng", "Điện Biên Phủ", "Phan Bội Châu", "Đinh Tiên Hoàng", "30 Tháng 4", "2 Tháng 9",
];

/// An address of today's two levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub line: String,
    pub commune_code: String,
    /// The whole as it is shown and printed.
    pub text: String,
}

struct Commune {
    code: String,
    full_name: String,
    province: String,
}

/// All communes, and which of them are home or near.
pub struct Addresses {
    communes: Vec<Commune>,
    home: Vec<usize>,
    near: Vec<usize>,
}

impl Addresses {
    pub fn read(files: &CatalogueFiles) -> Result<Addresses> {
        let province_text = files.text("provinces.tsv")?;
        let provinces: HashMap<&str, &str> = rows(&province_text).map(|r| (r[0], r[2])).collect();
        let commune_text = files.text("communes.tsv")?;
        let (mut communes, mut home, mut near) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows(&commune_text) {
            let province = row[4];
            if province == HOME {
                home.push(communes.len());
            } else if NEAR.contains(&province) {
                near.push(communes.len());
            }
            communes.push(Commune {
                code: row[0].to_owned(),
                full_name: row[2].to_owned(),
                province: provinces.get(province).context("a commune without a province")?.to_string(),
            });
        }
        Ok(Addresses { communes, home, near })
    }

    pub fn address(&self, chance: &mut Chance) -> Address {
        let commune = match chance.below(100) {
            0..80 => &self.communes[*chance.pick(&self.home)],
            80..95 => &self.communes[*chance.pick(&self.near)],
            _ => chance.pick(&self.communes),
        };
        let line = if commune.full_name.starts_with("Phường") {
            let house = chance.between(1, 480);
            let street = chance.pick(&STREETS);
            match chance.below(4) {
                0 => format!("{house}/{} {street}", chance.between(1, 60)),
                1 => format!("Khóm {}", chance.between(1, 8)),
                _ => format!("{house} {street}"),
            }
        } else {
            format!("Ấp {}", chance.pick(&HAMLETS))
        };
        let text = format!("{line}, {}, {}", commune.full_name, commune.province);
        Address { line, commune_code: commune.code.clone(), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_people_live_at_home() {
        let addresses = Addresses::read(&CatalogueFiles::Embedded).unwrap();
        let mut chance = Chance::of(5, 5);
        let some: Vec<Address> = (0..1_000).map(|_| addresses.address(&mut chance)).collect();
        let home = some.iter().filter(|a| a.text.ends_with("Tỉnh Vĩnh Long")).count();
        assert!((740..860).contains(&home), "{home}");
        assert!(some.iter().all(|a| a.text.len() <= 300 && a.text.starts_with(&a.line)));
    }
}
