//! Fifty hosts in five racks.

mod common;

use common::{broken, example};
use plimsoll_prove::{Answer, Images, Model, cold_start, survive};

#[test]
fn the_example_survives_what_it_says() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    let (answers, meaningless) = survive(&model, &design);
    assert_eq!(meaningless, []);
    let lost: Vec<&Answer> = answers.iter().filter(|answer| !answer.holds()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(cold_start(&design, Images::OnNodes).works());
}

#[test]
fn a_rack_is_lost_and_the_cluster_is_not() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    // Copies of CoreDNS are kept apart by host, and three hosts may be in one rack.
    assert_eq!(broken(&model, &["rack/r3"]), ["dns"]);
    // A pair of leaves carries its rack, as a pair of spines carries all.
    assert_eq!(broken(&model, &["switch/leaf-5", "switch/leaf-6"]), ["dns"]);
    assert!(broken(&model, &["switch/spine-1", "switch/spine-2"]).contains(&"api".to_owned()));
    // Either line feeds a battery in every rack.
    assert_eq!(broken(&model, &["feed/line-1"]), [""; 0]);
    assert_eq!(broken(&model, &["feed/line-1", "feed/line-2"]).len(), model.promises.len());
}
