//! The rights table: which role may use which route. It is committed, so that a change of rights is seen in review.
//! After a wanted change: `YBA_ACCEPT=1 cargo test -p server rights`.

use practitioner::role;
use std::fmt::Write;
use testkit::World;
use web::module::Access;

fn table(world: &World) -> String {
    let mut lines: Vec<String> = Vec::new();
    for meta in &world.app.routes {
        let who = match meta.access {
            Access::Public => "mọi người".to_owned(),
            Access::SignedIn => "người đã đăng nhập".to_owned(),
            Access::Right(right) => {
                let roles: Vec<&str> =
                    role::ROLES.iter().map(|r| r.key).filter(|r| role::rights_of(&[*r]).contains(right)).collect();
                format!("{right}: {}", roles.join(" "))
            }
            Access::Unset => unreachable!("assemble refuses it"),
        };
        let fresh = if meta.fresh { "mật khẩu lại" } else { "" };
        lines.push(format!("{}\t{}\t{who}\t{}\t{fresh}", meta.path, meta.method, meta.feature.unwrap_or("")));
    }
    lines.sort();
    let mut out = String::from("path\tmethod\tright: roles\tfeature\tfresh\n");
    for line in lines {
        writeln!(out, "{line}").expect("a string");
    }
    out
}

#[tokio::test]
async fn the_rights_table_is_the_committed_one() {
    let world = World::with(server::modules::modules()).await;
    let now = table(&world);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rights.tsv");
    if std::env::var_os("YBA_ACCEPT").is_some() {
        std::fs::write(file, &now).expect("docs/rights.tsv");
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert!(now == committed, "docs/rights.tsv differs from the code; read the difference, then accept it with YBA_ACCEPT=1");
}

#[tokio::test]
async fn every_right_a_route_asks_for_belongs_to_some_role() {
    let world = World::with(server::modules::modules()).await;
    let known = role::all_rights();
    for meta in &world.app.routes {
        if let Access::Right(right) = meta.access {
            assert!(known.contains(right), "{} {} asks for {right}, which no role has", meta.method, meta.path);
        }
    }
}

#[tokio::test]
async fn whoever_lacks_the_right_is_refused_on_every_route() {
    let world = World::with(server::modules::modules()).await;
    let mut stranger = world.stranger();
    let mut logins = Vec::new();
    for (login, role) in [
        ("tiepnhan.84101", "receptionist"),
        ("bacsi.84101", "doctor"),
        ("dieuduong.84101", "nurse"),
        ("thungan.84101", "cashier"),
        ("xetnghiem.84101", "lab"),
        ("quantri.84101", "admin"),
    ] {
        logins.push((world.sign_in_as(login).await, role));
    }
    let nowhere = "0192d3a0-0000-7000-8000-000000000000";
    let mut asked = 0;
    for meta in &world.app.routes {
        let Access::Right(right) = meta.access else { continue };
        let path: String = meta.path.split('/').map(|s| if s.starts_with('{') { nowhere } else { s }).collect::<Vec<_>>().join("/");
        let page = stranger.send(meta.method.clone(), &path, None, Vec::new()).await;
        assert!(page.status == 401 || page.location().starts_with("/sign-in"), "a stranger got {} from {} {path}", page.status, meta.method);
        for (person, role) in &mut logins {
            if role::rights_of(&[*role]).contains(right) {
                continue;
            }
            let page = person.send(meta.method.clone(), &path, None, Vec::new()).await;
            assert_eq!(page.status, 403, "{role} without {right} on {} {path}", meta.method);
            asked += 1;
        }
    }
    assert!(asked > 100, "only {asked} combinations were tried");
}
