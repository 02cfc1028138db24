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

/// What the file has beside its sections: header, table, padding.
fn rest(head: &Head) -> u64 {
    head.header.file_len - head.sections.iter().map(|section| section.len).sum::<u64>()
}

fn json(args: &InspectArgs, head: &Head) -> Outcome<String> {
    let Header { major, minor, flags, kind, file_len, items, seed, .. } = head.header;
    let sections: Vec<_> = head
        .sections
        .iter()
        .map(|section| {
            json!({
                "tag": section.tag.to_string(),
                "bytes": section.len,
                "elem_size": section.elem_size,
                "flags": section.flags,
                "offset": section.offset,
                "xxh3": format!("{:016x}", section.hash),
            })
        })
        .collect();
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
        "sections": sections,
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
    for section in &head.sections {
        out += &format!(
            "{:<8} {:>16} {:>7}  {:>4}\n",
            section.tag.to_string(),
            group(section.len),
            share(section.len),
            section.elem_size
        );
    }
    let rest = rest(head);
    out += &format!("{:<8} {:>16} {:>7}     -\n", "(rest)", group(rest), share(rest));
    out += &format!("{:<8} {:>16} {:>7}\n", "total", group(file_len), share(file_len));
    out
}
