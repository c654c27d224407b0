//! What the macros cost the compiler: `cargo run --release -p covet-benches --bin compile`.
//!
//! The same program in each form, as packages of one workspace with the same dependencies: 200 statements by `safe_sql!`,
//! by sqlx's `query!` without a database, and by plain `sqlx::query`; 100 routes by attributes, and with guards written
//! by hand. Each is checked again after its source is touched, in turns, and told as medians; what counts are the ratios.
//!
//! Both as cargo builds macros by default and with `[profile.dev.build-override] opt-level = 1`; both with what the
//! compiler remembers of the last time (`incremental`, cargo's default) and without. `-- default` and `-- optimised` are
//! one of the two, `-- clean` measures builds from nothing.

mod project;
mod route;
mod statement;

use std::time::Duration;

use covet_benches::{Error, median, median_ratio};

use self::project::{Macros, Project, Took};

/// How often each is checked; the median is told.
const ROUNDS: usize = 7;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => [Macros::AsBuilt, Macros::Optimised].into_iter().try_for_each(touched),
        ["default"] => touched(Macros::AsBuilt),
        ["optimised"] => touched(Macros::Optimised),
        ["clean"] => clean(),
        _ => Err("expected nothing, `default`, `optimised` or `clean`".into()),
    }
}

/// Checks after a touch.
fn touched(macros: Macros) -> Result<(), Error> {
    let project = Project::write(macros)?;
    for incremental in [true, false] {
        println!("\nMacros built {macros}, incremental: {incremental}");
        let [safe, query, plain] = rounds(&project, ["safe", "query", "plain"], incremental)?;
        println!("  {} statements, `cargo check` after a touch:", statement::COUNT);
        told("safe_sql!", &safe);
        told("query!, offline", &query);
        told("sqlx::query", &plain);
        let over = |form: &[Took]| median(pairs(form, &plain).map(|(form, plain)| form - plain).collect());
        let each = |form| over(form) * 1e3 / f64::from(statement::COUNT);
        println!("    safe_sql! / query!       {:5.2}   (goal 0.70)", ratio(&safe, &query));
        println!("    safe_sql! over plain     {:5.2} ms a statement   (goal 1.00)", each(&safe));
        println!("    query! over plain        {:5.2} ms a statement", each(&query));
        let [annotated, by_hand] = rounds(&project, ["annotated", "by-hand"], incremental)?;
        println!("  {} routes, `cargo check` after a touch:", route::COUNT);
        told("attributes", &annotated);
        told("guards by hand", &by_hand);
        println!("    attributes / by hand     {:5.2}   (goal 1.15)", ratio(&annotated, &by_hand));
    }
    Ok(())
}

/// What each package takes in each of the rounds; they take turns, and the first turn only warms up.
fn rounds<const N: usize>(project: &Project, packages: [&str; N], incremental: bool) -> Result<[Vec<Took>; N], Error> {
    let mut took = packages.map(|_| Vec::new());
    for round in 0..=ROUNDS {
        for (package, took) in packages.iter().zip(&mut took) {
            let time = project.check(package, incremental)?;
            if round > 0 {
                took.push(time);
            }
        }
    }
    Ok(took)
}

fn told(name: &str, took: &[Took]) {
    let median = |of: fn(&Took) -> Duration| median(took.iter().map(|took| of(took).as_secs_f64()).collect());
    println!("    {name:18} {:6.3} s of user CPU, {:6.3} s", median(|took| took.user), median(|took| took.wall));
}

/// The user CPU time of both in each round.
fn pairs(values: &[Took], bases: &[Took]) -> impl Iterator<Item = (f64, f64)> {
    values.iter().zip(bases).map(|(value, base)| (value.user.as_secs_f64(), base.user.as_secs_f64()))
}

fn ratio(values: &[Took], bases: &[Took]) -> f64 {
    let (values, bases): (Vec<_>, Vec<_>) = pairs(values, bases).unzip();
    median_ratio(&values, &bases)
}

/// Builds of everything: Rocket and sqlx, and the same with Covet.
fn clean() -> Result<(), Error> {
    let project = Project::write(Macros::AsBuilt)?;
    println!("\nA build from nothing:");
    for (name, package) in [("Rocket + sqlx", "bare"), ("the same + Covet", "annotated")] {
        let took = project.build_from_nothing(package)?;
        println!("  {name:18} {:6.1} s of user CPU, {:6.1} s", took.user.as_secs_f64(), took.wall.as_secs_f64());
    }
    Ok(())
}
