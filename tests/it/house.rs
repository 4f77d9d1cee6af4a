//! The folder tree is the architecture: nothing points upwards, and no two files need each other.
//!
//! A file may use what is in its own folder's files and in those of the layers below. A module and the files under it
//! belong together (the door of a room, and the room); all other circles between files are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::UseTree;
use syn::visit::Visit;

/// The layers, from the top. Each may use those below it.
const LAYERS: [&str; 15] = [
    "cli",
    "server",
    "documents",
    "demo",
    "dialects",
    "live",
    "ops",
    "print",
    "sheets",
    "protocol",
    "config",
    "error",
    "store",
    "index",
    "domain",
];

/// The path of a module below `src`: `ops`, `customer`, `find`.
type Module = Vec<String>;
type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// All paths that a file names, outside of its tests.
struct Paths {
    module: Module,
    found: Vec<Vec<String>>,
}

impl Paths {
    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let mut path = before.to_vec();
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.tree(&path, &part.tree);
            }
            UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.found.push(path);
            }
            UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                self.found.push(path);
            }
            UseTree::Glob(_) => self.found.push(path),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(&path, tree)),
        }
    }

    /// Inside of a macro's call there are only words.
    fn words(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if colons == 2 => path.push(word.to_string()),
                TokenTree::Ident(word) => self.found.push(std::mem::replace(&mut path, vec![word.to_string()])),
                TokenTree::Punct(sign) if sign.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => self.words(group.stream()),
                _ => {}
            }
            colons = 0;
        }
        self.found.push(path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.words(call.tokens.clone());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let is_test = item.ident == "tests";
        if !is_test {
            syn::visit::visit_item_mod(self, item);
        }
    }
}

/// Every module that has a file, with its text.
fn files(folder: &Path, module: &[String], found: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let inner = || [module, std::slice::from_ref(&name)].concat();
        if path.is_dir() {
            files(&path, &inner(), found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !["lib", "main", "tests"].contains(&&*name) {
            let module = if name == "mod" { module.to_vec() } else { inner() };
            found.insert(module, std::fs::read_to_string(path).unwrap());
        }
    }
}

/// What each file uses of the others.
fn uses(files: &BTreeMap<Module, String>) -> Uses {
    let of = |(module, text): (&Module, &String)| {
        let mut paths = Paths { module: module.clone(), found: Vec::new() };
        paths.visit_file(&syn::parse_file(text).unwrap());
        let found = std::mem::take(&mut paths.found);
        let used = found.iter().filter_map(|path| file_of(&paths.module, path, files));
        (module.clone(), used.filter(|used| used != module).collect())
    };
    files.iter().map(of).collect()
}

/// The file that a path in a module leads to; `None` when it leads to no file of ours.
fn file_of(module: &Module, path: &[String], files: &BTreeMap<Module, String>) -> Option<Module> {
    let mut rest = path;
    let mut place: Module = match rest.first()?.as_str() {
        "crate" => Vec::new(),
        "super" | "self" => module.clone(),
        first if files.contains_key(&[module.as_slice(), &[first.to_owned()]].concat()) => module.clone(),
        _ => return None,
    };
    while let [first, after @ ..] = rest
        && ["crate", "self", "super"].contains(&first.as_str())
    {
        if first == "super" {
            place.pop();
        }
        rest = after;
    }
    place.extend_from_slice(rest);
    while !files.contains_key(&place) {
        place.pop()?;
    }
    (!place.is_empty()).then_some(place)
}

/// Whether one is the door of a room, and the other in it.
fn belong_together(one: &Module, other: &Module) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// A way from a module back to itself, if there is one.
fn circle(from: &Module, uses: &Uses) -> Option<Vec<Module>> {
    let mut ways = vec![vec![from.clone()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let last = way.last()?;
        for next in uses.get(last)?.iter().filter(|next| !belong_together(last, next)) {
            if next == from {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push(way.iter().chain([next]).cloned().collect());
            }
        }
    }
    None
}

fn upwards(uses: &Uses) -> Vec<String> {
    let layer =
        |module: &Module| LAYERS.iter().position(|layer| *layer == module[0]).expect("a layer that is not listed");
    let pairs = uses.iter().flat_map(|(user, used)| used.iter().map(move |used| (user, used)));
    let wrong = pairs.filter(|(user, used)| layer(used) < layer(user));
    wrong.map(|(user, used)| format!("{} uses {}", user.join("::"), used.join("::"))).collect()
}

fn of_texts(texts: &[(&str, &str)]) -> Uses {
    let module = |path: &str| path.split("::").map(str::to_owned).collect();
    uses(&texts.iter().map(|(path, text)| (module(path), (*text).to_owned())).collect())
}

#[test]
fn nothing_points_upwards_and_no_two_files_need_each_other() {
    let mut found = BTreeMap::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut found);
    assert!(found.len() > 200, "{}", found.len());
    let uses = uses(&found);
    assert_eq!(upwards(&uses), Vec::<String>::new());
    let circles = found.keys().filter_map(|module| circle(module, &uses));
    let circles: Vec<String> =
        circles.map(|way| way.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" → ")).collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn a_circle_or_a_use_upwards_would_be_noticed() {
    let fine = of_texts(&[
        ("ops", "pub mod find; pub mod create; use create::create;"),
        ("ops::find", "use super::Cx; use crate::domain::phone::{self, Phone};"),
        ("ops::create", "use super::find::{self, only};"),
        ("domain::phone", "use std::fmt; mod tests { use crate::ops::find; }"),
    ]);
    assert!(fine.keys().all(|module| circle(module, &fine).is_none()));
    assert!(upwards(&fine).is_empty());

    let circular = of_texts(&[
        ("ops::find", "fn find() { super::create::create() }"),
        ("ops::create", "use crate::ops::{find::{only}};"),
    ]);
    assert_eq!(circular.keys().filter(|module| circle(module, &circular).is_some()).count(), 2);

    let upward =
        of_texts(&[("ops::find", ""), ("domain::phone", "fn read() { table!(1 => crate::ops::find::find); }")]);
    assert_eq!(upwards(&upward), ["domain::phone uses ops::find"]);
}

#[test]
fn the_documents_name_files_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    let mut named = 0;
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        let document = entry.unwrap().path();
        if document.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&document).unwrap();
        for path in text.split('`').skip(1).step_by(2) {
            let layer = path.split('/').next().unwrap_or_default();
            if LAYERS.contains(&layer) && (path.ends_with(".rs") || path.ends_with('/')) {
                named += 1;
                if !root.join("src").join(path).exists() {
                    missing.push(format!("{}: {path}", document.display()));
                }
            }
        }
    }
    assert!(named > 50, "{named}");
    assert_eq!(missing, Vec::<String>::new());
}
