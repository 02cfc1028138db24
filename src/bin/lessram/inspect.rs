//! `lessram inspect`, and reading the head of a file.

use crate::args::InspectArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::group;
use crate::memory::human;
use lessram::FileError;
use lessram::registry::kind_of;
use lessram::storage::{self, Header, Section};
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Header and section table of a file.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) header: Header,
    pub(crate) sections: Vec<Section>,
}

/// Checks header and table of the file at `path`; reads no more than them.
pub(crate) fn head_of(path: &Path) -> Outcome<Head> {
    match storage::read_head(path) {
        Ok((header, sections)) => Ok(Head { header, sections }),
        Err(FileError::Io(error)) => Err(Failure::open(path, &error)),
        Err(error) => Err(Failure::file(path, error)),
    }
}

pub(crate) fn run(args: &InspectArgs) -> Outcome<Code> {
    let head = head_of(&args.file)?;
    let text = if args.json { json(args, &head)? } else { text(args, &head) };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Code::Done)
}

/// The kind's name, or its number if this build does not know it.
fn kind_name(id: u32) -> String {
    kind_of(id).map_or_else(|| format!("unknown kind {id:#06x}"), |kind| kind.name.to_owned())
}

/// Sections of parameters: what is no block of the structure in memory but fields of it. All others
/// are what `compare` tells of as payload and index.
fn is_parameters(section: &Section) -> bool {
    [b"meta", b"vpar"].contains(&&section.tag.0)
}

/// What the file has beside its sections: header, table, padding.
fn rest(head: &Head) -> u64 {
    head.header.file_len - head.sections.iter().map(|section| section.len).sum::<u64>()
}

fn json(args: &InspectArgs, head: &Head) -> Outcome<String> {
    let Header { major, minor, flags, kind, file_len, items, seed, .. } = head.header;
    let of = |section: &Section| {
        json!({
            "tag": section.tag.to_string(),
            "bytes": section.len,
            "elem_size": section.elem_size,
            "flags": section.flags,
            "offset": section.offset,
            "xxh3": format!("{:016x}", section.hash),
        })
    };
    let (parameters, sections): (Vec<_>, Vec<_>) =
        head.sections.iter().partition(|section| is_parameters(section));
    let all = |list: Vec<&Section>| list.into_iter().map(of).collect::<Vec<_>>();
    let value = json!({
        "schema": 1,
        "file": args.file.display().to_string(),
        "structure": kind_of(kind).map(|kind| kind.name),
        "kind_id": kind,
        "version": format!("{major}.{minor}"),
        "flags": flags,
        "items": items,
        "seed": seed,
        "file_bytes": file_len,
        "sections": all(sections),
        "parameters": all(parameters),
        "header_table_padding_bytes": rest(head),
    });
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

fn text(args: &InspectArgs, head: &Head) -> String {
    let Header { major, minor, kind, file_len, items, seed, .. } = head.header;
    let mut out = format!(
        "{}\nstructure  {} ({kind:#06x}), format {major}.{minor}\n\
         items      {}\nbytes      {} ({})",
        args.file.display(),
        kind_name(kind),
        group(items),
        group(file_len),
        human(file_len)
    );
    if items > 0 {
        out += &format!(", {:.2} an item", file_len as f64 / items as f64);
    }
    if seed != 0 {
        out += &format!("\nseed       {seed:#x}");
    }
    out += &format!("\n\n{:<8} {:>16} {:>7}  {:>4}\n", "section", "bytes", "share", "elem");
    let share = |bytes: u64| format!("{:.2}%", bytes as f64 / file_len as f64 * 100.0);
    let mut line = |name: &str, bytes: u64, elem: &str| {
        out += &format!("{name:<8} {:>16} {:>7}  {elem:>4}\n", group(bytes), share(bytes));
    };
    let (mut used, mut parameters) = (0, 0);
    for section in &head.sections {
        if is_parameters(section) {
            parameters += section.len;
            continue;
        }
        used += section.len;
        line(&section.tag.to_string(), section.len, &section.elem_size.to_string());
    }
    line("used", used, "-");
    line("(params)", parameters, "-");
    line("(rest)", rest(head), "-");
    line("total", file_len, "-");
    out
}
