//! `lessram inspect`, and reading the head of a file.

use crate::args::InspectArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::group;
use crate::memory::human;
use lessram::registry::kind_of;
use lessram::storage::{Container, HEADER_BYTES, Header, MAX_SECTIONS, ROW_BYTES, Section};
use serde_json::json;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Header and section table of a file.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) header: Header,
    pub(crate) sections: Vec<Section>,
}

/// Checks header and table of the file at `path`; reads no more than them.
pub(crate) fn head_of(path: &Path) -> Outcome<Head> {
    const LONGEST: u64 = (HEADER_BYTES + MAX_SECTIONS as usize * ROW_BYTES) as u64;
    let fail = |error: io::Error| Failure::open(path, &error);
    let mut file = File::open(path).map_err(fail)?;
    let info = file.metadata().map_err(fail)?;
    if info.is_dir() {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    let mut start = Vec::new();
    (&mut file).take(LONGEST).read_to_end(&mut start).map_err(fail)?;
    let len = if info.is_file() { info.len() } else { start.len() as u64 };
    let bytes = usize::try_from(len).ok().and_then(|len| len.checked_add(8));
    // `vec!` would abort where the address space does not suffice: asked first.
    let bytes = bytes.filter(|bytes| Vec::<u8>::new().try_reserve_exact(*bytes).is_ok());
    let bytes = bytes.ok_or_else(|| {
        Failure::memory(format!("{}: longer than this machine can address", path.display()))
    })?;
    // The container wants the whole file, but looks at its head alone. The rest are zero pages
    // that are never touched, so they cost address space and no memory.
    let mut whole = vec![0_u8; bytes];
    let at = whole.as_ptr().align_offset(8);
    let whole = &mut whole[at..at + len as usize];
    whole[..start.len()].copy_from_slice(&start);
    let container = Container::open(whole).map_err(|error| Failure::file(path, error))?;
    Ok(Head { header: *container.header(), sections: container.sections().collect() })
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
        "{}\nstructure  {} ({kind:#06x}), format {major}.{minor}\nitems      {}\nbytes      {} ({})",
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
