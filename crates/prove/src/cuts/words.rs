//! A class of cut sets in words.

use plimsoll_circuit::{Among, Standing, Var};
use plimsoll_model::series;

use super::CutClass;
use crate::component::Components;
use crate::words::{number, one_of};

/// Components that are named one by one; of more, one and how many there are.
const NAMED: usize = 6;

impl CutClass {
    /// All sets of the class in one line: `any two of host/pve-1, host/pve-2, host/pve-3`.
    pub fn words(&self, components: &Components) -> String {
        let names =
            |vars: &[Var]| -> Vec<String> { vars.iter().map(|var| components.get(*var).path.clone()).collect() };
        let example = names(&self.example).join(" + ");
        if self.count < 2 {
            return example;
        }
        let groups = || {
            // What is in every set comes first: "a + any two of b, c, d".
            let (fixed, chosen): (Vec<&Among>, Vec<&Among>) =
                self.among.iter().partition(|among| among.count == among.of.len());
            let words = |among: &Among| self.some_of(among, &names);
            fixed.into_iter().chain(chosen).map(words).collect::<Vec<_>>().join(" + ")
        };
        let racks = || {
            let mut names: Vec<String> = self.racks.iter().map(|rack| rack.name.to_string()).collect();
            series::sort(&mut names);
            if names.len() > NAMED { series::collapse(&names).join(", ") } else { names.join(", ") }
        };
        let here = self.racks.first().map_or(0, |rack| rack.of.len());
        match (self.standing, self.among.as_slice()) {
            (_, []) => format!("{example}, and {} like it", self.count - 1),
            (Standing::Anywhere, [one]) if one.count == 1 && one.of.len() <= NAMED => one_of(&names(&one.of)),
            (Standing::Anywhere, _) => groups(),
            (Standing::Apart, [one]) if self.racks.iter().all(|rack| rack.of.len() == here) => {
                let some =
                    if one.count < self.racks.len() { format!("{} of ", number(one.count)) } else { String::new() };
                let like = names(&self.example[..1]).join("");
                format!("one of {here} like {like} in each of {some}{}", racks())
            }
            (Standing::Apart, _) => format!("{}, no two in one rack of {}", groups(), racks()),
            (Standing::Together, _) if self.is_one_of_each_rack() => {
                if self.racks.len() > NAMED {
                    return format!("{example}, or the same in another of {}", racks());
                }
                let away = |of: &[Var]| !self.example.iter().any(|var| of.contains(var));
                let others = self.racks.iter().filter(|rack| away(&rack.of)).map(|rack| rack.name.to_string());
                format!("{example}, or the same in {}", one_of(&others.collect::<Vec<_>>()))
            }
            (Standing::Together, _) => format!("{}, in one rack of {}", groups(), racks()),
        }
    }

    /// Whether each rack has one set of the class, and what stands in no rack is the same in all of them.
    fn is_one_of_each_rack(&self) -> bool {
        self.among.iter().all(|among| {
            let mut here = self.racks.iter().map(|rack| rack.of.iter().filter(|var| among.of.contains(var)).count());
            here.clone().all(|count| count == among.count)
                || (here.all(|count| count == 0) && among.count == among.of.len())
        })
    }

    /// `any two of a, b, c`; `one of 40 like a`.
    fn some_of(&self, among: &Among, names: &dyn Fn(&[Var]) -> Vec<String>) -> String {
        if among.count == among.of.len() {
            return names(&among.of).join(" + ");
        }
        let some = if among.count == 1 { "one".to_owned() } else { format!("any {}", number(among.count)) };
        if among.of.len() <= NAMED {
            return format!("{some} of {}", names(&among.of).join(", "));
        }
        let like: Vec<Var> = self.example.iter().copied().filter(|var| among.of.contains(var)).take(1).collect();
        format!("{some} of {} like {}", among.of.len(), names(&like).join(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Kind;
    use crate::cuts::Rack;

    fn class(
        count: u128,
        example: &[u32],
        among: &[(usize, &[u32])],
        standing: Standing,
        racks: &[&[u32]],
    ) -> CutClass {
        let vars = |of: &[u32]| of.iter().map(|var| Var(*var)).collect::<Vec<Var>>();
        let rack = |(at, of): (usize, &&[u32])| Rack { name: format!("r{at}").as_str().into(), of: vars(of) };
        CutClass {
            example: vars(example),
            count,
            each: 0.1,
            among: among.iter().map(|(count, of)| Among { count: *count, of: vars(of) }).collect(),
            standing,
            racks: racks.iter().enumerate().map(rack).collect(),
        }
    }

    #[test]
    fn a_class_says_all_of_its_sets() {
        let mut components = Components::default();
        for at in 0..9 {
            components.intern(&format!("host/{at}"), Kind::Host, "");
        }
        let first = components.find("host/0").expect("a host").0;
        let shifted = |of: &[u32]| of.iter().map(|at| at + first).collect::<Vec<u32>>();
        let (all, three) = (shifted(&[0, 1, 2, 3, 4, 5, 6, 7, 8]), shifted(&[0, 1, 2]));
        let (anywhere, apart, together) = (Standing::Anywhere, Standing::Apart, Standing::Together);
        let words = |class: CutClass| class.words(&components);
        assert_eq!(words(class(1, &three[..2], &[], anywhere, &[])), "host/0 + host/1");
        assert_eq!(words(class(12, &three[..2], &[], anywhere, &[])), "host/0 + host/1, and 11 like it");
        assert_eq!(words(class(3, &three[..1], &[(1, &three)], anywhere, &[])), "host/0, host/1 or host/2");
        assert_eq!(words(class(9, &three[..1], &[(1, &all)], anywhere, &[])), "one of 9 like host/0");
        assert_eq!(words(class(3, &three[..2], &[(2, &three)], anywhere, &[])), "any two of host/0, host/1, host/2");
        assert_eq!(
            words(class(6, &[all[0], all[8]], &[(1, &three), (1, &all[7..])], anywhere, &[])),
            "one of host/0, host/1, host/2 + one of host/7, host/8"
        );
        assert_eq!(
            words(class(3, &[all[0], all[1], all[8]], &[(2, &three), (1, &all[8..])], anywhere, &[])),
            "host/8 + any two of host/0, host/1, host/2"
        );
        assert_eq!(words(class(36, &all[..2], &[(2, &all)], anywhere, &[])), "any two of 9 like host/0");
        let racks = [&all[..3], &all[3..6], &all[6..]];
        assert_eq!(
            words(class(27, &[all[0], all[3]], &[(2, &all)], apart, &racks)),
            "one of 3 like host/0 in each of two of r0, r1, r2"
        );
        assert_eq!(
            words(class(27, &[all[0], all[3], all[6]], &[(3, &all)], apart, &racks)),
            "one of 3 like host/0 in each of r0, r1, r2"
        );
        assert_eq!(
            words(class(20, &[all[0], all[3]], &[(2, &all)], apart, &[&all[..4], &all[4..]])),
            "any two of 9 like host/0, no two in one rack of r0, r1"
        );
        assert_eq!(
            words(class(9, &all[..2], &[(2, &all)], together, &racks)),
            "any two of 9 like host/0, in one rack of r0, r1, r2"
        );
        let pairs = [&all[..2], &all[2..4], &all[4..6]];
        assert_eq!(
            words(class(3, &all[..2], &[(2, &all[..6])], together, &pairs)),
            "host/0 + host/1, or the same in r1 or r2"
        );
        let many: Vec<&[u32]> = all[..7].chunks(1).collect();
        assert_eq!(
            words(class(7, &[all[0], all[8]], &[(1, &all[..7]), (1, &all[8..])], together, &many)),
            "host/0 + host/8, or the same in another of r0..6"
        );
        // Two sets in one rack and one in the other.
        assert_eq!(
            words(class(
                3,
                &all[..2],
                &[(1, &[all[0], all[2], all[3]]), (1, &[all[1], all[4]])],
                together,
                &[&all[..2], &all[2..5]]
            )),
            "one of host/0, host/2, host/3 + one of host/1, host/4, in one rack of r0, r1"
        );
    }
}
