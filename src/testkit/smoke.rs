//! The laws over all rows with seeded programs: what plain `cargo test` runs.

use super::data::Rng;
use super::{cases, damage, rows};
use std::vec::Vec;

/// Programs of every length up to some hundred bytes.
fn programs(seed: u64, count: u32) -> impl Iterator<Item = Vec<u8>> {
    let mut rng = Rng::new(seed);
    (0..count).map(move |_| {
        let len = rng.below(120);
        rng.bytes(len)
    })
}

#[test]
fn every_row_keeps_every_law() {
    for row in rows() {
        for program in programs(1, cases(300)) {
            row.run(&program).unwrap_or_else(|message| panic!("{message}\nprogram {program:?}"));
        }
    }
}

#[test]
fn growth_takes_fine_steps_above_128_kib() {
    // The widest item, then thousands more at a time.
    let thousands = (0..20).flat_map(|seed| [4, 255, 0, seed]);
    let program: Vec<u8> = [0, 255].into_iter().chain(thousands).collect();
    for row in rows() {
        row.check(&row.laws[0], &program).unwrap_or_else(|message| panic!("{message}"));
    }
}

#[test]
fn edges_withstand_every_single_damage() {
    let mut rng = Rng::new(2);
    for row in rows() {
        let (mut refused, mut taken) = (0, 0);
        for file in (row.edges)().iter().chain([&(row.golden)()]) {
            let file = file.as_bytes();
            let mut damages = damage::flips(file, 8 * cases(100) as usize, &mut rng);
            damages.extend(damage::cuts(file, cases(100) as usize, &mut rng));
            let writes = damage::writes(file);
            damages.extend(damage::spread(writes, 20 * cases(100) as usize, &mut rng));
            for damage in damages {
                let [raw, rehashed] = (row.bears)(file, &damage)
                    .unwrap_or_else(|message| panic!("{}: {message}", row.kind.name));
                refused += u32::from(!raw.read) + u32::from(!rehashed.read);
                taken += u32::from(rehashed.viewed);
            }
        }
        // A sweep in which nothing opens, or nothing is refused, proves nothing.
        assert!(refused > 100 && taken > 100, "{refused} refused, {taken} taken");
    }
}

#[test]
fn hashes_put_right_are_those_that_the_writer_states() {
    for row in rows() {
        let golden = (row.golden)();
        let mut file = golden.as_bytes().to_vec();
        file[56..64].fill(0xA5);
        damage::rehash(&mut file);
        assert_eq!(file, golden.as_bytes());
        assert_eq!(damage::repaired(&file, row.kind.id), file);
    }
}

#[test]
fn old_and_strange_files_open_or_not() {
    for row in rows() {
        super::open_any((row.golden)().as_bytes());
    }
    super::open_any(b"");
    super::open_any(&[0; 200]);
}
