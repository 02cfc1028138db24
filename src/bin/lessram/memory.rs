//! How much memory there is, and the refusal to start what does not fit.

use crate::error::{Failure, Outcome};
use crate::heap;
use crate::input::group;
use std::fs;

/// Of the memory that is available, what the command may take, in percent.
const SHARE: u64 = 80;

/// Bytes that a program may take now: the system's figure, or what the control group leaves if
/// that is less. `None` where neither can be asked.
pub(crate) fn available() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    });
    match (system, group_leaves()) {
        (Some(system), Some(group)) => Some(system.min(group)),
        (system, group) => system.or(group),
    }
}

/// What the limit of a container leaves. The page cache counts as used there, but can be had.
fn group_leaves() -> Option<u64> {
    let number = |name: &str| {
        let text = fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let stat = fs::read_to_string("/sys/fs/cgroup/memory.stat").unwrap_or_default();
    let cache = stat.lines().find_map(|line| line.strip_prefix("file ")?.parse().ok());
    let used = number("memory.current")?.saturating_sub(cache.unwrap_or(0));
    Some(number("memory.max")?.saturating_sub(used))
}

/// Options on memory.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct MemoryArgs {
    /// Go on even if it takes more than 80 % of the memory available
    #[arg(long)]
    pub(crate) force: bool,
    /// Take this as the memory available instead of asking the system: bytes, or 64M, 2G
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
}

impl MemoryArgs {
    /// Bytes for sorting what is then built from: what is built takes its own.
    pub(crate) fn for_sorting(self) -> usize {
        const UNKNOWN: u64 = 1 << 30;
        let all = self.memory.or_else(available).unwrap_or(UNKNOWN);
        usize::try_from(all / 4).unwrap_or(usize::MAX)
    }
}

/// So many bytes, or a number with a unit.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => Some(0),
        "K" | "KB" | "KIB" => Some(10),
        "M" | "MB" | "MIB" => Some(20),
        "G" | "GB" | "GIB" => Some(30),
        "T" | "TB" | "TIB" => Some(40),
        _ => None,
    };
    let number = digits.parse::<u64>().ok().zip(shift);
    let bytes = number.and_then(|(number, shift)| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "a number of bytes, or of K, M, G or T of 1024 each".to_owned())
}

/// Refuses to start `what` if `need` bytes are too many; `instead` names the way out.
pub(crate) fn check(args: MemoryArgs, need: u64, what: &str, instead: &str) -> Outcome<()> {
    let Some(available) = args.memory.or_else(available) else { return Ok(()) };
    if args.force || need <= available / 100 * SHARE {
        return Ok(());
    }
    Err(Failure::memory(format!(
        "{what} needs about {}, more than {SHARE} % of the {} available: {instead}, or go on with \
         --force",
        human(need),
        human(available)
    )))
}

/// What refuses to go on when what is held has become too much: for what cannot be foretold.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// Live bytes of the heap at most, and the memory of which they are the share.
    most: u64,
    available: u64,
    /// The way out.
    instead: String,
}

impl Watch {
    /// Items between two looks.
    const EVERY: u64 = 1 << 10;

    /// None if nothing is to be refused, or the memory is not known.
    pub(crate) fn new(args: MemoryArgs, instead: String) -> Option<Self> {
        let available = args.memory.or_else(available).filter(|_| !args.force)?;
        Some(Self { most: available / 100 * SHARE, available, instead })
    }

    /// Looks at the heap, which has been counted since the start, at some of the items, and at what
    /// is `foretold` of so many: `name` is what they come from.
    pub(crate) fn look(&self, name: &str, items: u64, foretold: impl Fn() -> u64) -> Outcome<()> {
        if items % Self::EVERY != 0 {
            return Ok(());
        }
        let need = foretold().max(heap::look().live.max(0) as u64);
        if need <= self.most {
            return Ok(());
        }
        Err(Failure::memory(format!(
            "{name}: to build of its first {} items takes {}, more than {SHARE} % of the {} \
             available: {}, or go on with --force",
            group(items),
            human(need),
            human(self.available),
            self.instead
        )))
    }
}

/// `bytes` for people: three digits and a unit.
pub(crate) fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1024.0, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    let digits = usize::from(value < 99.95) + usize::from(value < 9.995);
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_for_people() {
        assert_eq!(human(1023), "1023 B");
        assert_eq!(human(1024), "1.00 KiB");
        assert_eq!(human(1024 * 1024 * 123), "123 MiB");
        assert_eq!(human(u64::MAX), "16384 PiB");
    }

    #[test]
    fn sizes_from_people() {
        let read = ["7", "64M", "2g", "3KiB", "", "M", "64 M", "1.5G", "-1", "99999999T", "4Q"]
            .map(|text| bytes(text).ok());
        let (k, m, g) = (Some(3 << 10), Some(64 << 20), Some(2 << 30));
        let none = None;
        assert_eq!(read, [Some(7), m, g, k, none, none, none, none, none, none, none]);
    }

    #[test]
    fn more_than_there_is_is_refused() {
        let args = MemoryArgs { force: false, memory: Some(1000) };
        assert!(check(args, 800, "it", "-").is_ok());
        assert!(check(args, 801, "it", "-").is_err());
        assert!(check(MemoryArgs { force: true, ..args }, 801, "it", "-").is_ok());
    }
}
