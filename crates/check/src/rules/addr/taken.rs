//! Who has which addresses, for very many ranges: no pair of them is compared.

use std::collections::BTreeMap;
use std::net::IpAddr;

use plimsoll_model::design::AddressRange;

/// A family and an address in it.
type Address = (bool, u128);

/// Ranges that do not overlap, each with who took it last.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// By the first address: the last, and the owner.
    ranges: BTreeMap<Address, (u128, usize)>,
}

impl Taken {
    /// Somebody who has an address of a range.
    pub(super) fn owner(&self, range: &AddressRange) -> Option<usize> {
        let (first, last) = ends(range);
        let (start, (end, owner)) = self.ranges.range(..=(first.0, last)).next_back()?;
        (start.0 == first.0 && *end >= first.1).then_some(*owner)
    }

    /// Gives a range to somebody, whoever had it.
    pub(super) fn take(&mut self, range: &AddressRange, owner: usize) {
        let ((family, first), last) = ends(range);
        // What is given goes away again with the next range over it, so that all of them together cost little.
        while let Some((&start, &(end, other))) = self.ranges.range(..=(family, last)).next_back()
            && start.0 == family
            && end >= first
        {
            self.ranges.remove(&start);
            if end > last {
                self.ranges.insert((family, last + 1), (end, other));
            }
            if start.1 < first {
                self.ranges.insert(start, (first - 1, other));
            }
        }
        self.ranges.insert((family, first), (last, owner));
    }
}

fn ends(range: &AddressRange) -> (Address, u128) {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    ((range.first().is_ipv6(), number(range.first())), number(range.last()))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn owners_are_those_that_have_an_address_of_the_range() {
        // All ranges of sixteen addresses, in an order without rule, against a plain table.
        let mut taken = Taken::default();
        let mut table = [None; 16];
        let mut state = 1usize;
        for owner in 0..500 {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            let (a, b) = (state / 7 % 16, state / 331 % 16);
            let (first, last) = (a.min(b), a.max(b));
            let address = |at: usize| IpAddr::V4(Ipv4Addr::from(at as u32));
            let range = AddressRange::new(address(first), address(last)).expect("in order");
            let owners: Vec<usize> = table[first..=last].iter().flatten().copied().collect();
            match taken.owner(&range) {
                None => assert!(owners.is_empty(), "{range} has {owners:?}"),
                Some(found) => assert!(owners.contains(&found), "{range}: {found} is none of {owners:?}"),
            }
            if !state.is_multiple_of(3) {
                taken.take(&range, owner);
                table[first..=last].fill(Some(owner));
            } else if owner % 50 == 0 {
                (taken, table) = (Taken::default(), [None; 16]);
            }
        }
    }

    #[test]
    fn families_are_apart() {
        let range = |text: &str| AddressRange::from(text.parse::<ipnet::IpNet>().expect("a prefix"));
        let mut taken = Taken::default();
        taken.take(&range("0.0.0.0/0"), 4);
        assert_eq!(taken.owner(&range("::/0")), None);
        taken.take(&range("::/0"), 6);
        assert_eq!(taken.owner(&range("255.255.255.255/32")), Some(4));
        assert_eq!(taken.owner(&range("ffff::/16")), Some(6));
    }
}
