//! Closed forms of the structures whose bytes depend on nothing but how many items there are and
//! how large: as their docs state them. A test builds each and compares, to the byte.

/// Heap bytes of `items` items in the structure called `name`; `None` if it has no closed form, or
/// if that asks for more than was said.
pub(super) fn bytes(name: &str, items: u64, width: Option<u32>, max: Option<u64>) -> Option<u64> {
    let bytes = match name {
        "packed_ints" => packed(items, width.or_else(|| max.map(bits_of))?),
        // A set of numbers has a bit for each up to the largest.
        "bit_vec" => words(max.map_or(u128::from(items), |max| u128::from(max) + 1)),
        // So have counters of 12 bits, which share a table.
        "morris_array" => {
            words(12 * max.map_or(u128::from(items), |max| u128::from(max) + 1)) + 1024
        }
        "elias_fano" => elias_fano(items, max?),
        _ => return None,
    };
    u64::try_from(bytes).ok()
}

/// Whether the structure called `name` has a closed form.
pub(super) fn has(name: &str) -> bool {
    bytes(name, 1, None, Some(0)).is_some()
}

/// What the form of the structure called `name` asks for beside how many items there are.
pub(super) fn wants(name: &str) -> Option<&'static str> {
    match name {
        "packed_ints" => Some("how wide they are (--width BITS or --max NUMBER)"),
        "elias_fano" => Some("the largest of them (--max NUMBER)"),
        _ => None,
    }
}

const fn bits_of(max: u64) -> u32 {
    u64::BITS - max.leading_zeros()
}

/// Bytes of whole words for so many bits.
const fn words(bits: u128) -> u128 {
    bits.div_ceil(64) * 8
}

/// Whole words, and one to read over the end.
const fn packed(items: u64, width: u32) -> u128 {
    match items as u128 * width as u128 {
        0 => 0,
        bits => words(bits) + 8,
    }
}

/// Low halves, a bit for each number and each high half, and 24 bytes for each 1,024 of both.
fn elias_fano(items: u64, max: u64) -> u128 {
    if items == 0 {
        return 0;
    }
    let mean = (u128::from(max) + 1) / u128::from(items);
    let low = mean.checked_ilog2().unwrap_or(0).min(63);
    let buckets = u128::from(max >> low) + 1;
    let records = u128::from(items).div_ceil(1024) + buckets.div_ceil(1024);
    packed(items, low) + words(u128::from(items) + buckets) + 24 * records
}
