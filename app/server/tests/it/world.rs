//! The whole house in a test: all modules, all catalogues, some people and visits at An Tâm.

use server::generate::{self, Plan};
use testkit::World;

/// All modules on a fresh database, with invented people and visits at 84101.
pub async fn with_history(people: u64, visits: u64) -> World {
    let world = World::with_catalogues(server::modules::modules()).await;
    let mut owner = world.database.owner().await;
    let plan = Plan { facility: testkit::facility("84101"), people, visits, seed: 7, now: world.clock.now() };
    generate::run(&mut owner, &plan, &mut |_, _, _| {}).await.expect("people are invented");
    world
}
