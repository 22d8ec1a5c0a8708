//! Types that are projected from others, and `Self`.

use syn::{PathArguments, PathSegment, Type, TypePath};

use super::{Binding, Flow, Walk};
use crate::lifetimes::declared::written;
use crate::lifetimes::facts::{ELSEWHERE, Names, Projection};

impl Walk<'_> {
    pub(super) fn type_path(&mut self, path: &TypePath) -> Names {
        let flow = self.flow;
        if let Some(this) = &path.qself {
            return self.flowing(Flow::Both, |walk| {
                let mut names = walk.ty(&this.ty);
                names.append(&mut walk.path(&path.path, true));
                walk.projects(path, Some(&this.ty), &names);
                if matches!(&*this.ty, Type::Path(path) if path.path.is_ident("Self")) {
                    walk.hidden(&mut names);
                }
                walk.projected(&mut names);
                names
            });
        }
        let mut segments = path.path.segments.iter();
        let first = segments.next().map(|segment| segment.ident.to_string());
        let first = first.unwrap_or_default();
        let second = segments.next();
        if first == "Self" {
            return match second {
                None => self.this(),
                Some(name) => self.associated(path, name),
            };
        }
        if let Some(Binding::Type(ty)) = self.bound(&first).cloned() {
            // An argument is of the place where the alias is used.
            let bindings = self.bindings.pop();
            let flow = if second.is_none() { flow } else { Flow::Both };
            let mut names = self.flowing(flow, |walk| walk.ty(&ty));
            if second.is_some() {
                self.projects(path, None, &names);
            }
            self.bindings.extend(bindings);
            if second.is_some() {
                names.append(&mut self.flowing(Flow::Both, |walk| walk.path(&path.path, true)));
                self.projected(&mut names);
            }
            return names;
        }
        if path.path.leading_colon.is_none() && self.scope.parameters.contains(&first) {
            let whole = second.is_none();
            if !whole {
                let names = Names::from([(first.clone(), true)]);
                self.projects(path, None, &names);
            }
            let flow = if whole { flow } else { Flow::Both };
            self.flowing(flow, |walk| walk.occurs(&first));
            let mut names = self.path(&path.path, true);
            names.insert(first, whole);
            // `T::Lent<'a>` implies `T: 'a`.
            if !whole {
                self.projected(&mut names);
            }
            return names;
        }
        self.path(&path.path, false)
    }

    /// `Self`.
    fn this(&mut self) -> Names {
        match &self.scope.this {
            Some(ty) => {
                let elided = std::mem::take(&mut self.elided);
                let names = self.ty(ty);
                self.elided = elided;
                names
            }
            None => {
                let name = "Self".to_owned();
                self.occurs(&name);
                Names::from([(name, true)])
            }
        }
    }

    /// `Self::Name`: known if this very impl says what it is.
    fn associated(&mut self, path: &TypePath, segment: &PathSegment) -> Names {
        let known = self.scope.associated.get(&segment.ident.to_string());
        if let Some(ty) = known.filter(|_| self.depth < 4) {
            self.depth += 1;
            let names = self.ty(ty);
            self.depth -= 1;
            return names;
        }
        self.flowing(Flow::Both, |walk| {
            let mut names = walk.this();
            walk.projects(path, None, &names);
            walk.hidden(&mut names);
            if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                names.append(&mut walk.arguments(segment, Some(arguments), true, true));
            }
            walk.projected(&mut names);
            names
        })
    }

    /// A projection from a type with these names.
    fn projects(&mut self, path: &TypePath, of: Option<&Type>, names: &Names) {
        let of = of.map(written);
        let names = names.keys().filter(|name| !name.starts_with('\''));
        let last = path.path.segments.last();
        self.facts.projections.push(Projection {
            name: Some(written(&Type::Path(path.clone()))).filter(|_| self.bindings.is_empty()),
            last: last.map(|it| it.ident.to_string()).unwrap_or_default(),
            from: names.cloned().chain(of).collect(),
        });
    }

    /// A projection from types with these names may be any type of them.
    fn projected(&mut self, names: &mut Names) {
        names.values_mut().for_each(|whole| *whole = false);
        let outer: Vec<_> = names
            .keys()
            .filter(|name| name.starts_with('\''))
            .cloned()
            .collect();
        for outer in outer {
            self.imply((&outer, ELSEWHERE), (names, ELSEWHERE), false);
        }
    }

    /// Adds the names of the header, all of which a projection from `Self` may have.
    fn hidden(&mut self, names: &mut Names) {
        let all: Vec<_> = self.scope.names().cloned().collect();
        for name in all {
            self.occurs(&name);
            names.insert(name, false);
        }
    }
}
