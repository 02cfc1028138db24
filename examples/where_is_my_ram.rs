//! Where does my RAM go? `cargo run --example where_is_my_ram --features track`
//!
//! A program names its structures, and the report says what is in them and how much is in none.

use lessram::mem::{Baseline, Footprint, Parts, Report, Scope, TrackingAlloc};

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system();

/// A search index as many programs begin: strings in a vector, postings in a vector each.
#[derive(Default)]
struct Index {
    words: Vec<String>,
    postings: Vec<Vec<u32>>,
}

impl Index {
    fn build(documents: u32) -> Self {
        let mut index = Self::default();
        for document in 0..documents {
            for word in [document % 97, document % 1009, document % 5003] {
                let word = format!("word{word}");
                match index.words.binary_search(&word) {
                    Ok(at) => index.postings[at].push(document),
                    Err(at) => {
                        index.words.insert(at, word);
                        index.postings.insert(at, vec![document]);
                    }
                }
            }
        }
        index
    }
}

/// What makes a type report: name its parts.
impl Footprint for Index {
    fn parts(&self, out: &mut dyn Parts) {
        for (name, part) in [("words", &self.words as &dyn Footprint), ("postings", &self.postings)]
        {
            out.enter(name);
            part.parts(out);
            out.exit();
        }
    }
}

fn main() {
    let baseline = Baseline::take();

    let build = Scope::enter("build");
    let mut index = Index::build(50_000);
    println!("{}", build.finish());

    let titles: Vec<String> = (0..1000).map(|i| format!("document {i}")).collect();
    let cache = vec![0_u8; 100_000]; // Nobody thinks of this one.

    println!("\n{}\n", Report::since(baseline).add("index", &index).add("titles", &titles));

    let shrink = Scope::enter("shrink");
    index.postings.iter_mut().for_each(Vec::shrink_to_fit);
    println!("{}\n", shrink.finish());

    println!("{}", Report::since(baseline).add("index", &index).add("titles", &titles));
    drop(cache);
}
