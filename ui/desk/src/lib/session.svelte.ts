// Who is signed in. Expiry keeps the page and its drafts; signing in again continues where the person was.

import { api, ApiError } from './api';
import type { Me, Role } from './wire';

type Standing = 'loading' | 'out' | 'in' | 'unreachable';

class Session {
  me = $state<Me | null>(null);
  standing = $state<Standing>('loading');
  expired = $state(false);

  constructor() {
    api.on_expired = () => {
      if (this.standing === 'in') this.expired = true;
      if (this.standing !== 'loading') this.standing = 'out';
    };
  }

  async load() {
    this.standing = 'loading';
    try {
      this.enter(await api.me());
    } catch (error) {
      this.standing = error instanceof ApiError && error.status === 0 ? 'unreachable' : 'out';
    }
  }
  async login(email: string, password: string) {
    this.enter(await api.login(email, password));
  }
  async logout() {
    try {
      await api.logout();
    } finally {
      this.me = null;
      this.expired = false;
      this.standing = 'out';
    }
  }
  password_changed() {
    if (this.me) this.me = { ...this.me, must_change_password: false };
  }
  private enter(me: Me) {
    this.me = me;
    this.expired = false;
    this.standing = 'in';
  }
}

export const session = new Session();

export type Area = 'inbox' | 'customers' | 'calls' | 'decisions' | 'admin';

const AREAS: Record<Role, Area[]> = {
  admin: ['inbox', 'customers', 'calls', 'decisions', 'admin'],
  supervisor: ['inbox', 'customers', 'calls', 'decisions', 'admin'],
  agent: ['inbox', 'customers', 'calls', 'decisions'],
  analyst: ['decisions', 'customers', 'calls'],
};

export function areas_of(role: Role): Area[] {
  return AREAS[role] ?? [];
}

/** Supervisors read the admin pages; only admins change them. */
export function may_administer(role: Role | undefined): boolean {
  return role === 'admin';
}
