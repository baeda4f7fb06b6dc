//! Communes as the person types them: today's list, and the old wards with their successor.

use askama::Template;
use codes::place;
use serde::Deserialize;
use web::{Answer, Ctx, Query};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

#[derive(Template)]
#[template(
    source = "{% for c in today %}<li role=\"option\" data-value=\"{{ c.code }}\" data-label=\"{{ c.full_name }}, {{ c.province }}\"><b>{{ c.full_name }}</b> <small class=\"quiet\">{{ c.province }}</small></li>{% endfor %}{% if !before.is_empty() %}<li class=\"group\">Tên trước 01/07/2025, nay thuộc</li>{% endif %}{% for w in before %}<li role=\"option\" data-value=\"{{ w.commune_code }}\" data-label=\"{{ w.commune }}, {{ w.province }}\"><b>{{ w.commune }}</b> <small class=\"quiet\">{{ w.old_name }}{% if w.split %} <span>(chia nhiều nơi)</span>{% endif %}</small></li>{% endfor %}{% if today.is_empty() && before.is_empty() %}<li class=\"foot\">Không có xã, phường nào khớp. Gõ tên xã, hoặc tên tỉnh.</li>{% endif %}",
    ext = "html"
)]
struct Places {
    today: Vec<place::Commune>,
    before: Vec<place::Successor>,
}

/// Type-ahead of places; an old ward offers the commune that took it over.
pub async fn suggestions(ctx: Ctx, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut today = place::search_communes(tx.conn(), &asked.q, None, 40).await?;
    let mut before = place::search_old_wards(tx.conn(), &asked.q, 40).await?;
    // Who types "long an long ho" means the ward Long An of the district Long Hồ, not any place with these words.
    let typed = bare(&asked.q);
    today.sort_by_key(|c| !bare(&format!("{} {}", c.full_name, c.province)).starts_with(&typed));
    before.sort_by_key(|w| !bare(&w.old_name).starts_with(&typed));
    let meant_today = today.first().is_some_and(|c| bare(&format!("{} {}", c.full_name, c.province)).starts_with(&typed));
    let meant_before = before.first().is_some_and(|w| bare(&w.old_name).starts_with(&typed));
    today.truncate(match (meant_today, meant_before) {
        (false, true) => 0,
        (true, true) => 5,
        _ => 8,
    });
    before.truncate(if today.is_empty() { 8 } else { 4 });
    web::html(Places { today, before })
}

/// A place name folded, without the words for its kind.
fn bare(name: &str) -> String {
    const KINDS: [&str; 12] =
        ["xa", "phuong", "thi", "tran", "huyen", "quan", "tinh", "thanh", "pho", "dac", "khu", "tp"];
    let short: String = name.chars().take(200).collect();
    base::fold(&short).split(' ').filter(|word| !KINDS.contains(word)).collect::<Vec<_>>().join(" ")
}
