//! Keys near a word, beside the automaton of fst: words are keys with one byte changed, and so are
//! not keys themselves. The automaton is made for each word within the time, as it is in use.

use crate::race::{contender, race};
use crate::tries::{Data, Key, fst_set};
use fst::automaton::Levenshtein;
use fst::{IntoStreamer, Streamer};
use lessram::mem::Footprint;
use lessram::tries::{Dawg, FrontDict, RearDict};
use std::error::Error;

/// Runs distances 1 and 2.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let data = Data::new()?;
    let dawg = Dawg::from_sorted(&data.keys)?;
    let rear = RearDict::from_sorted(&data.keys)?;
    let front = FrontDict::from_sorted(&data.keys)?;
    let fst = fst_set(&data.keys);
    for (changes, count) in [(1, 200), (2, 40)] {
        // fst takes text alone.
        let text = data.misses.iter().filter(|word| std::str::from_utf8(word).is_ok());
        let words: Vec<&Key> = text.take(count).collect();
        let case = format!("{changes} changes, n {}", data.keys.len());
        let bytes = [dawg.heap_bytes(), rear.heap_bytes(), front.heap_bytes(), fst.as_fst().size()];
        let bytes = bytes.map(|bytes| bytes as u64);
        let contenders = [
            contender("dawg", bytes[0], || sum(&words, |word| dawg.fuzzy(word, changes).count())),
            contender("rear_dict", bytes[1], || {
                sum(&words, |word| rear.fuzzy(word, changes).count())
            }),
            contender("front_dict", bytes[2], || {
                sum(&words, |word| front.fuzzy(word, changes).count())
            }),
            contender("fst_set", bytes[3], || {
                sum(&words, |word| {
                    let word = std::str::from_utf8(word).expect("text");
                    let near = Levenshtein::new(word, changes).expect("few states");
                    let (mut stream, mut found) = (fst.search(near).into_stream(), 0);
                    while stream.next().is_some() {
                        found += 1;
                    }
                    found
                })
            }),
        ];
        race("tries_near", &case, rounds, words.len(), true, &contenders)?;
    }
    Ok(())
}

fn sum(words: &[&Key], near: impl Fn(&Key) -> usize) -> u64 {
    words.iter().map(|word| near(word) as u64).sum()
}
