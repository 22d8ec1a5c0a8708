//! Searches documentation pages for links that rustdoc left as text.
//!
//! With `--deny warnings` rustdoc reports a link without a target, but only in the crate that defines the documented
//! item. If another crate re-exports the item, a link may lack a target there, and rustdoc does not report it.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::Error;

/// Removes the pages of `crates` below `folder`, so that cargo renders them again and no page from another set of
/// features is left. Then makes a folder for each of `ours`, because rustdoc links to a crate that has a folder, even
/// if the crate's pages are not rendered yet. Rustdoc leaves links to other crates as text, unless the other crate
/// names the root of its pages on docs.rs.
pub(crate) fn clear(folder: &Path, crates: &[String], ours: &[String]) -> Result<(), Error> {
    for name in crates {
        let pages = folder.join(name);
        match fs::remove_dir_all(&pages) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &pages)(error));
            }
            _ => {}
        }
    }
    for name in ours {
        let pages = folder.join(name);
        fs::create_dir_all(&pages).map_err(Error::io("create", &pages))?;
    }
    Ok(())
}

/// Returns the links that were left as text on the pages of `crates` below `folder`, each with its page.
pub(crate) fn unresolved(folder: &Path, crates: &[String]) -> Result<Vec<String>, Error> {
    let mut findings = Vec::new();
    for name in crates {
        search(&folder.join(name), &mut findings)?;
    }
    Ok(findings)
}

fn search(folder: &Path, findings: &mut Vec<String>) -> Result<(), Error> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let mut paths: Vec<_> = entries
        .map_err(Error::io("list", folder))?
        .iter()
        .map(fs::DirEntry::path)
        .collect();
    paths.sort_unstable();
    for path in paths {
        if path.is_dir() {
            search(&path, findings)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let page = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            findings.extend(
                bracketed(&page)
                    .map(|link| format!("{}: [`{link}`] is not a link", path.display())),
            );
        }
    }
    Ok(())
}

/// Returns the code spans in brackets on a page. They come from ``[`name`]`` in Markdown if the link has no target.
fn bracketed(page: &str) -> impl Iterator<Item = &str> {
    let behind = page.split("[<code>").skip(1);
    behind.filter_map(|rest| {
        let (code, after) = rest.split_once("</code>")?;
        after.starts_with(']').then_some(code)
    })
}

#[cfg(test)]
mod tests {
    use super::{bracketed, clear, unresolved};
    use std::{env, fs, process};

    #[test]
    fn a_link_without_target_is_found() {
        let page = "<p>See [<code>Lost</code>], <a href=\"x.html\"><code>Found</code></a> and [<code>a::b()</code>].</p>";
        assert_eq!(bracketed(page).collect::<Vec<_>>(), ["Lost", "a::b()"]);
    }

    #[test]
    fn brackets_around_more_than_code_are_no_link() {
        let page = "<p>[<code>0</code>, <code>n</code>) and [<code>a</code> to <code>b</code>]</p>\
            <pre class=\"rust\"><code>let x = [a];</code></pre>";
        assert_eq!(bracketed(page).count(), 0);
    }

    #[test]
    fn pages_in_subfolders_are_searched() {
        let folder = env::temp_dir().join(format!("rendered-docs-{}", process::id()));
        let crates = ["one".to_owned()];
        fs::create_dir_all(folder.join("one/inner")).expect("the folder can be made");
        fs::write(folder.join("one/index.html"), "fine").expect("the folder is writable");
        fs::write(folder.join("one/inner/a.html"), "[<code>T</code>]")
            .expect("the folder is writable");
        fs::write(folder.join("one/inner/a.js"), "[<code>T</code>]")
            .expect("the folder is writable");
        let found = unresolved(&folder, &crates).expect("the pages are readable");
        assert!(found.len() == 1 && found[0].ends_with("a.html: [`T`] is not a link"));
        let ours = ["two".to_owned()];
        clear(&folder, &crates, &ours).expect("the folder can be removed");
        clear(&folder, &crates, &ours).expect("a missing folder is no error");
        assert!(unresolved(&folder, &crates).is_err() && folder.join("two").is_dir());
        fs::remove_dir_all(&folder).expect("the folder can be removed");
    }
}
