//! `lessram merge`.

use crate::args::MergeArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::group;
use crate::inspect::head_of;
use crate::memory;
use crate::outputs::check_index;
use crate::rows::{self, Row};
use crate::scratch::Sweeper;
use serde_json::json;
use std::fs;
use std::io::Write;

pub(crate) fn run(args: &MergeArgs) -> Outcome<Code> {
    check_index(&args.out)?;
    let (row, bytes) = kind_of_all(args)?;
    let Some(merge) = row.shape.merge else { return Err(cannot(&row)) };
    memory::check(args.memory, bytes, "merging", "merge fewer at once")?;
    let _sweeper = Sweeper::beside(&args.out);
    let items = merge(&args.files, &args.out)?;
    let info = fs::metadata(&args.out).map_err(|error| Failure::open(&args.out, &error))?;
    let (path, name, files) = (args.out.display(), row.kind.name, args.files.len());
    let mut out = std::io::stdout();
    if args.json {
        let value = json!({
            "schema": 1,
            "file": path.to_string(),
            "structure": name,
            "files": files,
            "items": items,
            "file_bytes": info.len(),
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(Code::Done);
    }
    let of = items.map_or_else(String::new, |items| format!(" of {} items", group(items)));
    writeln!(out, "{path}: {name}{of} from {files} files in {} bytes", group(info.len()))?;
    Ok(Code::Done)
}

/// The row that all files are of, and their bytes.
fn kind_of_all(args: &MergeArgs) -> Outcome<(Row, u64)> {
    let mut found: Option<Row> = None;
    let mut bytes = 0;
    for path in &args.files {
        let header = head_of(path)?.header;
        bytes += header.file_len;
        let row = rows::numbered(header.kind, path)?;
        match &found {
            Some(first) if first.kind.id != row.kind.id => {
                let (first, this) = (first.kind.name, row.kind.name);
                let message = format!("is a {this}, and the files before are {first}");
                return Err(Failure::file(path, message));
            }
            _ => found = Some(row),
        }
    }
    let row = found.ok_or_else(|| Failure::usage("merge takes files (see --help)"))?;
    Ok((row, bytes))
}

fn cannot(row: &Row) -> Failure {
    let all = rows::rows();
    let names = all.iter().filter(|row| row.shape.merge.is_some()).map(|row| row.kind.name);
    let names = names.collect::<Vec<_>>().join(", ");
    Failure::usage(format!("files of {} cannot be merged, those of {names} can", row.kind.name))
}
