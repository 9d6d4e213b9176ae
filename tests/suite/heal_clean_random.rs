//! Cleaning of random trees: exactly that goes which nothing holds back.

use super::heal_clean_tree::{Tree, listing, time, touch, tree};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

/// One thing in a generated tree, and whether it holds back what it is in.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Thing {
    Old,
    OldLink,
    EmptyDirectory,
    Young,
    Read,
    Future,
    Sticky,
    Protected,
    Fifo,
    LinkedElsewhere,
}

fn things() -> impl Strategy<Value = Vec<(u8, u8, u8, Thing)>> {
    use Thing::*;
    let thing = prop_oneof![
        12 => Just(Old), 3 => Just(OldLink), 3 => Just(EmptyDirectory), 1 => Just(Young), 1 => Just(Read),
        1 => Just(Future), 1 => Just(Sticky), 1 => Just(Protected), 1 => Just(Fifo), 1 => Just(LinkedElsewhere),
    ];
    prop::collection::vec((0..6_u8, 0..3_u8, 0..3_u8, thing), 1..30)
}

fn make(tree: &Tree, number: usize, (top, middle, depth, thing): (u8, u8, u8, Thing)) -> String {
    let below = match depth {
        0 => format!("{number}"),
        1 => format!("d{top}/{number}"),
        _ => format!("d{top}/m{middle}/{number}"),
    };
    let below = if thing == Thing::Protected { format!("{below}.lock") } else { below };
    let path = tree.path(&below);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match thing {
        Thing::OldLink => symlink(tree.out("canary"), &path).unwrap(),
        Thing::EmptyDirectory => fs::create_dir(&path).unwrap(),
        Thing::Fifo => nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
        Thing::LinkedElsewhere => fs::hard_link(tree.out("canary"), &path).unwrap(),
        _ => fs::write(&path, [7; 100]).unwrap(),
    }
    match thing {
        Thing::Young => touch(&path, time(30), time(9)),
        Thing::Read => touch(&path, time(9), time(30)),
        Thing::Future => touch(&path, time(30), time(-1)),
        Thing::Sticky => fs::set_permissions(&path, Permissions::from_mode(0o1600)).unwrap(),
        _ => {}
    }
    below
}

#[test]
fn of_any_tree_exactly_the_entries_go_in_which_nothing_holds_back() {
    drop(tree!("trees at random"));
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let run = runner.run(&things(), |things| {
        let tree = Tree::new();
        let top = |below: &str| below.split('/').next().unwrap().to_string();
        let mut held = BTreeSet::new();
        for (number, thing) in things.iter().enumerate() {
            let below = make(&tree, number, *thing);
            if !matches!(thing.3, Thing::Old | Thing::OldLink | Thing::EmptyDirectory) {
                held.insert(top(&below));
            }
        }
        let before: BTreeSet<String> = listing(&tree.root()).into_keys().collect();
        let gone: Vec<&str> = before.iter().map(String::as_str).filter(|below| !held.contains(&top(below))).collect();
        let done = tree.loses(&gone);
        prop_assert_eq!(done.removed, Some(gone.len() as u64));
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}
