//! The folders of `src` stand in an order, and nothing imports what stands above it; nor do files import each other in a
//! circle. Every path that begins with `crate::`, `super::` or the name of a child module counts, outside tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// From the ground up: `docs/architecture.md` says what each holds.
const CORE: [&str; 14] = [
    "base64url",
    "json",
    "sealing",
    "typed_code",
    "recovery_codes",
    "totp",
    "webauthn",
    "u2f",
    "yubico",
    "record",
    "challenges",
    "migration",
    "service",
    "tfa_config",
];

#[test]
fn the_core_imports_downwards_and_in_no_circle() {
    let sources = Sources::read("src");
    assert!(sources.files.len() > 50, "the sources were not found");
    let rooms: BTreeSet<_> = sources.files.keys().filter_map(|path| path.first()).collect();
    assert_eq!(
        rooms,
        CORE.iter()
            .map(|room| (*room).to_owned())
            .collect::<BTreeSet<_>>()
            .iter()
            .collect()
    );
    let floor = |path: &Module| {
        path.first()
            .and_then(|room| CORE.iter().position(|known| known == room))
    };
    let imports = sources.imports();
    let up: Vec<_> = edges(&imports)
        .filter(|(from, to)| floor(from) < floor(to))
        .map(named)
        .collect();
    assert_eq!(up, Vec::<String>::new(), "imports of what stands above");
    assert_eq!(circle(&imports), None, "a circle of imports");
}

#[test]
fn the_files_crate_has_no_circle() {
    let sources = Sources::read("../files/src");
    assert!(sources.files.len() > 5, "the sources were not found");
    assert_eq!(circle(&sources.imports()), None, "a circle of imports");
}

#[test]
fn circles_and_paths_of_every_kind_are_found() {
    let source = |text: &str| syn::parse_file(text).unwrap();
    let mut sources = Sources { files: BTreeMap::new() };
    let mut add = |path: &[&str], text: &str| {
        let path: Module = path.iter().map(|part| (*part).to_owned()).collect();
        sources.files.insert(path, source(text));
    };
    add(
        &["a"],
        "mod one; mod two; pub use one::{One, other::Deep as Renamed}; fn f() { two::g() }",
    );
    add(&["a", "one"], "use super::two::Two; fn f() { vec![crate::b::B]; }");
    add(
        &["a", "two"],
        "use super::Renamed; #[cfg(test)] mod tests { use crate::b::B; }",
    );
    add(&["a", "one", "other"], "");
    add(
        &["b"],
        "use crate::a::One; mod inner { pub(super) fn f() -> super::B { super::super::a::two::G } }",
    );
    let imports = sources.imports();
    let found: Vec<_> = edges(&imports).map(named).collect();
    assert_eq!(
        found,
        [
            "a -> a::two",
            "a::one -> a::two",
            "a::one -> b",
            "a::two -> a::one::other",
            "b -> a::one",
            "b -> a::two"
        ]
    );
    assert!(circle(&imports).is_some_and(|found| found.contains("a::one -> b -> a::one")));
}

/// The path of a module from the crate's root.
type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

struct Sources {
    files: BTreeMap<Module, syn::File>,
}

impl Sources {
    /// All but the crate's root, which names everything, and files of tests alone.
    fn read(folder: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files = BTreeMap::new();
        for path in rust_files(&root) {
            let mut module: Module = path
                .strip_prefix(&root)
                .unwrap()
                .with_extension("")
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            if module.last().is_some_and(|name| name == "mod") {
                module.pop();
            }
            let name = module.last().map_or("", String::as_str);
            if name == "lib" || name == "testing" || name.ends_with("tests") {
                continue;
            }
            files.insert(module, syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap());
        }
        Self { files }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, file) in &self.files {
            let mut paths = Paths {
                module: module.clone(),
                known: &self.files,
                found: Vec::new(),
            };
            paths.visit_file(file);
            let targets = paths.found.iter().filter_map(|path| self.resolve(path, 8));
            let targets = targets.filter(|target| target != module).collect();
            imports.insert(module.clone(), targets);
        }
        imports
    }

    /// The file that a path leads to, through the re-exports of a module to where a name comes from.
    fn resolve(&self, path: &[String], hops: usize) -> Option<Module> {
        let depth = (1..=path.len())
            .rev()
            .find(|depth| self.files.contains_key(&path[..*depth]))?;
        let (module, rest) = path.split_at(depth);
        let exported = rest.first().and_then(|name| {
            let found = exports(&self.files[module])
                .into_iter()
                .find(|(known, _)| known == name)?;
            absolute(&found.1, module, &self.files)
        });
        match exported {
            Some(source) if hops > 0 => self.resolve(&source, hops - 1),
            _ => Some(module.to_vec()),
        }
    }
}

/// The names that a module passes on, each with the path that it has there.
fn exports(file: &syn::File) -> Vec<(String, Vec<String>)> {
    let mut exports = Vec::new();
    for item in &file.items {
        if let Item::Use(item) = item
            && !matches!(item.vis, Visibility::Inherited)
        {
            exports.extend(leaves(&item.tree));
        }
    }
    exports
}

/// Every name that a `use` brings, with its whole path.
fn leaves(tree: &UseTree) -> Vec<(String, Vec<String>)> {
    fn walk(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                walk(&path.tree, before, found);
                before.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, before, found)),
            UseTree::Name(name) if name.ident == "self" => {
                found.push((before.last().cloned().unwrap_or_default(), before.clone()));
            }
            UseTree::Name(name) => {
                found.push((
                    name.ident.to_string(),
                    [before.as_slice(), &[name.ident.to_string()]].concat(),
                ));
            }
            UseTree::Rename(name) => {
                found.push((
                    name.rename.to_string(),
                    [before.as_slice(), &[name.ident.to_string()]].concat(),
                ));
            }
            UseTree::Glob(_) => found.push(("*".into(), before.clone())),
        }
    }
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), &mut found);
    found
}

/// What a path says from the crate's root on; `None` for one that leads out of the crate or to a name of the file itself.
fn absolute(path: &[String], module: &[String], files: &BTreeMap<Module, syn::File>) -> Option<Module> {
    let first = path.first()?;
    if first == "crate" {
        return Some(path[1..].to_vec());
    }
    let ups = path.iter().take_while(|part| *part == "super").count();
    if ups > 0 {
        let kept = module.len().checked_sub(ups)?;
        return Some([&module[..kept], &path[ups..]].concat());
    }
    let own = usize::from(first == "self");
    let child = [module, path.get(own..=own)?].concat();
    files.contains_key(&child).then(|| [module, &path[own..]].concat())
}

/// Collects the paths of a file, those in macros too, and leaves out tests and what the file only passes on.
struct Paths<'a> {
    /// Where the path stands: a module inside the file is one step deeper.
    module: Module,
    known: &'a BTreeMap<Module, syn::File>,
    found: Vec<Module>,
}

impl Paths<'_> {
    fn add(&mut self, path: &[String]) {
        self.found.extend(absolute(path, &self.module, self.known));
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) if path.is_empty() || colons == 2 => {
                    path.push(name.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            self.add(&std::mem::take(&mut path));
            colons = 0;
        }
        self.add(&path);
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for (_, path) in leaves(&item.tree) {
            let passed_on = !matches!(item.vis, Visibility::Inherited);
            let own = path.first().is_some_and(|first| first != "crate" && first != "super");
            if !(passed_on && own) {
                self.add(&path);
            }
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    /// `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(
            &path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect::<Vec<_>>(),
        );
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

fn is_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|condition| condition.is_ident("test"))
}

fn edges(imports: &Imports) -> impl Iterator<Item = (&Module, &Module)> {
    imports
        .iter()
        .flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)))
}

fn named((from, to): (&Module, &Module)) -> String {
    format!("{} -> {}", from.join("::"), to.join("::"))
}

/// The first circle that a walk finds, spelled out.
fn circle(imports: &Imports) -> Option<String> {
    fn walk<'a>(
        at: &'a Module,
        imports: &'a Imports,
        trail: &mut Vec<&'a Module>,
        done: &mut BTreeSet<&'a Module>,
    ) -> Option<String> {
        if let Some(start) = trail.iter().position(|known| *known == at) {
            let names: Vec<_> = trail[start..]
                .iter()
                .chain([&at])
                .map(|module| module.join("::"))
                .collect();
            return Some(names.join(" -> "));
        }
        if done.contains(at) {
            return None;
        }
        trail.push(at);
        let found = imports
            .get(at)
            .into_iter()
            .flatten()
            .find_map(|next| walk(next, imports, trail, done));
        trail.pop();
        done.insert(at);
        found
    }
    let mut done = BTreeSet::new();
    imports
        .keys()
        .find_map(|start| walk(start, imports, &mut Vec::new(), &mut done))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
