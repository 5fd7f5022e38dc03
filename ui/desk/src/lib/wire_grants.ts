// Contact authorizations as the server tells them.

export type GrantState = 'active' | 'exhausted' | 'expired' | 'revoked';

/** A contact authorization. */
export interface Grant {
  grant: string;
  customer: string;
  customer_label: string;
  state: GrantState;
  used: number;
  held: number;
  limit: number;
  channels: string[];
  issued_at: string;
  expires_at: string;
}

export interface GrantPage {
  grants: Grant[];
  cursor?: string;
}

export type GrantStep = { at: string } & (
  | { kind: 'decision'; decision: string; rule: string }
  | { kind: 'offer'; offer: string; rule: string; state: string; option?: string | null }
  | {
      kind: 'change';
      change: string;
      limit?: number;
      /** Contacts beyond the limit, from then on. */
      boost?: number;
      redemption?: string;
      detail?: string;
      ledger: { partition: number; row: number };
    }
  | {
      kind: 'conversation';
      conversation: string;
      channel: string;
      status: string;
      agent_name?: string | null;
      code?: string | null;
    }
);

export interface GrantDetail extends Grant {
  /** Where the customer redeems it, while it is active. */
  link?: string;
  story: GrantStep[];
}

export interface GrantTerms {
  customer?: string;
  identifier?: { kind: 'user_id' | 'email' | 'phone'; value: string };
  limit: number;
  ttl_s: number;
  channels: string[];
  idempotency_key: string;
}

export interface IssuedGrant {
  grant: string;
  customer: string;
  token: string;
  link: string;
  expires_at: string;
}
