//! Types that are projected from others, and `Self`.

use syn::{PathArguments, PathSegment, Type, TypePath};

use super::{Binding, Flow, Walk};
use crate::lifetimes::declared::{is_structure, written};
use crate::lifetimes::facts::{ELSEWHERE, Name, Names, Projection, Standing};

impl Walk<'_> {
    pub(super) fn type_path(&mut self, path: &TypePath) -> Names {
        if let Some(this) = &path.qself {
            return self.projecting(|walk| {
                let mut names = walk.ty(&this.ty);
                names.append(&mut walk.path(&path.path, true));
                let name = walk.projects(path, Some(&this.ty), &names);
                if matches!(&*this.ty, Type::Path(path) if path.path.is_ident("Self")) {
                    walk.hidden(&mut names);
                }
                (name, names)
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
            // An argument belongs to the place where the alias is used.
            let argument = |walk: &mut Self| {
                let frame = walk.frames.pop();
                // An object's default lifetime may be the one by which the alias bounds its parameter.
                let lifetimes = frame.iter().flat_map(|it| it.arguments.values());
                let lifetimes = lifetimes.filter_map(|it| match it {
                    Binding::Lifetime(lifetime) => Some((lifetime.clone(), ELSEWHERE)),
                    Binding::Type(_) => None,
                });
                let defaults = walk.defaults.iter().cloned().chain(lifetimes).collect();
                walk.arguments += 1;
                let names = walk.defaulting(defaults, |walk| walk.ty(&ty));
                walk.arguments -= 1;
                walk.frames.extend(frame);
                names
            };
            if second.is_none() {
                return argument(self);
            }
            return self.projecting(|walk| {
                let mut names = argument(walk);
                let name = walk.projects(path, None, &names);
                names.append(&mut walk.path(&path.path, true));
                (name, names)
            });
        }
        // An alias can use only its own parameters.
        let is_parameter = self.frames.is_empty() && self.scope.parameters.contains(&first);
        if path.path.leading_colon.is_none() && is_parameter {
            let only = Names::from([(first.clone(), true)]);
            if second.is_none() {
                self.occurs(&first);
                return only;
            }
            // `T::Lent<'a>` implies `T: 'a`.
            return self.projecting(|walk| {
                let name = walk.projects(path, None, &only);
                walk.occurs(&first);
                let mut names = walk.path(&path.path, true);
                names.extend(only);
                (name, names)
            });
        }
        self.path(&path.path, false)
    }

    /// Walks `Self`.
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

    /// Walks `Self::Name`, which is known if this very impl defines it.
    fn associated(&mut self, path: &TypePath, segment: &PathSegment) -> Names {
        let known = self.scope.associated.get(&segment.ident.to_string());
        if let Some(ty) = known.filter(|_| self.depth < 4) {
            self.depth += 1;
            let names = self.ty(ty);
            self.depth -= 1;
            return names;
        }
        self.projecting(|walk| {
            let mut names = walk.this();
            let name = walk.projects(path, None, &names);
            walk.hidden(&mut names);
            if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                names.append(&mut walk.arguments(segment, Some(arguments), true, true));
            }
            (name, names)
        })
    }

    /// Walks the parts of a projection. `walk` returns the projection's own name, and the names inside. The
    /// projection may be any type that is made of the names inside and of the names in its bounds.
    fn projecting(&mut self, walk: impl FnOnce(&mut Self) -> (Name, Names)) -> Names {
        let mut own = Name::new();
        let around = self.projected_in;
        self.projected_in = around.or(Some(self.nodes.len()));
        let mut names = self.proving(false, |it| {
            it.flowing(Flow::Both, |it| {
                let (name, mut names) = walk(it);
                own = name;
                it.projected(&names);
                it.said(&mut names);
                names
            })
        });
        self.projected_in = around;
        // In an alias, the same spelling may mean another type, so the name is not certain there.
        names.insert(own, self.frames.is_empty());
        names
    }

    /// Records a projection from a type with these names, and returns the projection's own name.
    fn projects(&mut self, path: &TypePath, of: Option<&Type>, names: &Names) -> Name {
        let of = of.map(written);
        let is_parameter = |name: &&Name| !name.starts_with('\'') && !is_structure(name);
        let names = names.keys().filter(is_parameter);
        let last = path.path.segments.last();
        let name = written(&Type::Path(path.clone()));
        self.facts.projections.push(Projection {
            name: Some(name.clone()).filter(|_| self.frames.is_empty()),
            own: name.clone(),
            last: last.map(|it| it.ident.to_string()).unwrap_or_default(),
            from: names.cloned().chain(of).collect(),
        });
        name
    }

    /// Adds the edges of a projection from types with these names. The projection may be any type that contains these
    /// names, so each lifetime among them may bound each name.
    pub(super) fn projected(&mut self, names: &Names) {
        let outer: Vec<_> = names
            .keys()
            .filter(|name| name.starts_with('\''))
            .cloned()
            .collect();
        let names: Names = names
            .iter()
            .filter(|it| !is_structure(it.0))
            .map(|(name, _)| (name.clone(), false))
            .collect();
        for outer in outer {
            self.imply((&outer, ELSEWHERE), (&names, ELSEWHERE), Standing::Implied);
        }
    }

    /// Adds the names of the header, all of which a projection from `Self` may contain.
    fn hidden(&mut self, names: &mut Names) {
        let all: Vec<_> = self.scope.names().cloned().collect();
        for name in all {
            self.occurs(&name);
            names.insert(name, false);
        }
    }
}
