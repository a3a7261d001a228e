// A small HTTP server that keeps notes in memory.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"sync"
)

type Note struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

type Store struct {
	mu    sync.Mutex
	next  int
	notes map[int]Note
}

func NewStore() *Store {
	return &Store{next: 1, notes: make(map[int]Note)}
}

func (s *Store) Add(text string) Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	note := Note{ID: s.next, Text: text}
	s.notes[note.ID] = note
	s.next++
	return note
}

func (s *Store) Delete(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.notes, id)
}

func (s *Store) List() []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	notes := make([]Note, 0, len(s.notes))
	for _, note := range s.notes {
		notes =
	}
	return notes
}

func main() {
	store := NewStore()
	http.HandleFunc("/notes", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(store.List()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
